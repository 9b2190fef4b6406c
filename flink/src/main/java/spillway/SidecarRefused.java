package spillway;

import java.io.IOException;

/** The sidecar does not do what it was asked for; the message says why, and whether to ask again. */
final class SidecarRefused extends IOException {
  private static final long serialVersionUID = 1L;
  final String code;
  final boolean retryable;

  SidecarRefused(String code, String message, boolean retryable) {
    super(code + ": " + message + (retryable ? " (asking again helps)" : " (asking again does not help)"));
    this.code = code;
    this.retryable = retryable;
  }
}
