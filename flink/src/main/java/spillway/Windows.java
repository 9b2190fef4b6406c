package spillway;

/** The windows of a pipeline. A window starts at a multiple of the slide and is known by its end. */
final class Windows {
  private Windows() {}

  /** The ends, ascending, of all windows that contain the pane. */
  static long[] endsOfPane(Messages.Welcome spec, long paneStartMs) {
    long firstMs = (Math.floorDiv(paneStartMs - spec.sizeMs(), spec.slideMs()) + 1) * spec.slideMs() + spec.sizeMs();
    long lastMs = Math.floorDiv(paneStartMs, spec.slideMs()) * spec.slideMs() + spec.sizeMs();
    long[] ends = new long[(int) ((lastMs - firstMs) / spec.slideMs()) + 1];
    for (int index = 0; index < ends.length; index++) ends[index] = firstMs + index * spec.slideMs();
    return ends;
  }
}
