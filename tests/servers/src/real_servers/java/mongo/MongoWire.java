import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.util.List;

/** Serves the MongoDB protocol from memory on 127.0.0.1 and the port given as the only argument. */
public final class MongoWire {
    /** The newest version that the library announces by itself is too old for pymongo 4.20, which wants wire version 9. */
    private static final class Announced implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 13;
        }
    }

    /**
     * One command at a time, answered with copies. The library changes a stored document field by field, while answers
     * that hold this very document are written to other connections: a reader then sees half of an update, which MongoDB
     * never shows.
     */
    private static final class WholeAnswers extends MemoryBackend {
        @Override
        public synchronized Document handleMessage(MongoMessage message) {
            return super.handleMessage(message).cloneDeeply();
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        MemoryBackend backend = new WholeAnswers();
        backend.version(new Announced());
        MongoServer server = new MongoServer(backend);
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
        Thread.currentThread().join();
    }
}
