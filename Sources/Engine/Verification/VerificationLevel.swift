/// What a verification proves. Each level is a way of its own to build values, so that levels confirm each other.
public enum VerificationLevel: String, Sendable, CaseIterable {
  /// Every key can be rebuilt, and what comes of it has the shape that it must have.
  case reconstruct
  /// Images in layers are what the history below them leads to.
  case images
  /// What was there before, and the WAL since, lead to what is there now.
  case replay
}
