"""One module per rule or small family; each rule is a pure function from the index to findings."""
