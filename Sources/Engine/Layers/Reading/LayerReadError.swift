import IndexFormat

/// Why a layer could not be read: the source gave no answer, or what it gave is damaged.
public struct LayerReadError: Error, Equatable, Sendable {
  public indirect enum Cause: Equatable, Sendable {
    case source(LayerSourceError)
    /// Offsets count from the start of the file.
    case damaged(FormatError)
    /// Not the layer that its name says.
    case summary(LayerSummary.Difference)
    case noMemory
  }

  /// Of the layer's object.
  public var key: String
  public var cause: Cause

  public init(_ key: String, _ cause: Cause) {
    self.key = key
    self.cause = cause
  }
}

extension LayerReadError: CustomStringConvertible {
  public var description: String {
    switch cause {
    case .source(let error): "\(error)"
    case .damaged(let error): "\(key): \(error)"
    case .summary(let difference):
      "\(key): summary: \(difference.field): found \(difference.found), expected \(difference.expected)"
    case .noMemory: "\(key): no memory for a decompressor"
    }
  }
}
