"""Rewrites a MongoDB address so that it names one database."""


def with_database(uri: str, database: str) -> str:
    """Return the address with `database` as its path, and the account still looked up where it was before.

    The mapper lets a path in the address win over the database that it was given, and the driver takes the path as the
    place of the account (`authSource`) when none is named: https://www.mongodb.com/docs/manual/reference/connection-string/
    """
    scheme, _, rest = uri.partition("://")
    before_options, _, options = rest.partition("?")
    authority, _, path = before_options.partition("/")
    if "@" in authority and "authsource=" not in options.lower():
        options = "&".join(filter(None, [options, f"authSource={path or 'admin'}"]))
    return f"{scheme}://{authority}/{database}" + (f"?{options}" if options else "")
