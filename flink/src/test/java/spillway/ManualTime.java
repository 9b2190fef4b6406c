package spillway;

import org.apache.flink.util.clock.Clock;

/** A clock that goes on when a test says so. */
final class ManualTime extends Clock {
  long nowMs;

  ManualTime(long nowMs) {
    this.nowMs = nowMs;
  }

  @Override
  public long absoluteTimeMillis() {
    return nowMs;
  }

  @Override
  public long relativeTimeMillis() {
    return nowMs;
  }

  @Override
  public long relativeTimeNanos() {
    return nowMs * 1_000_000;
  }
}
