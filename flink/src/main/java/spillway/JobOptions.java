package spillway;

import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** What the command line of the job says: `--name value` for each. */
record JobOptions(Map<String, String> given) {
  private static final Map<String, String> DEFAULTS = new TreeMap<>(Map.of(
      "pipeline", "bids",
      "bootstrap", "127.0.0.1:9092",
      "topic", "events",
      "results", "results",
      "sidecar", "unix:.spillway/sidecar.sock",
      "parallelism", "1",
      "checkpoint-ms", "2000",
      "checkpoint-dir", ""));

  /** Throws IllegalArgumentException with what is wrong and which options there are. */
  static JobOptions parse(String[] args) {
    Map<String, String> given = new TreeMap<>(DEFAULTS);
    given.put("run", UUID.randomUUID().toString());
    for (int at = 0; at < args.length; at += 2) {
      String name = args[at].startsWith("--") ? args[at].substring(2) : "";
      if (!given.containsKey(name) || at + 1 == args.length) {
        throw new IllegalArgumentException(args[at] + ": give --NAME VALUE; the names are " + given.keySet());
      }
      given.put(name, args[at + 1]);
    }
    return new JobOptions(given);
  }

  String text(String name) {
    return given.get(name);
  }

  /** Throws IllegalArgumentException when it is no whole number. */
  int number(String name) {
    try {
      return Integer.parseInt(text(name));
    } catch (NumberFormatException error) {
      throw new IllegalArgumentException("--" + name + " " + text(name) + ": give a whole number", error);
    }
  }

  boolean has(String name) {
    return !text(name).isEmpty();
  }
}
