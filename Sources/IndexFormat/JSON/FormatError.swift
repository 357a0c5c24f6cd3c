/// Why bytes from a bucket could not be read as the format they claim to be: what was found, what was
/// expected, and where.
///
/// Prints as one line: `layer_metadata.generation: found "x", expected an unsigned 32-bit number (byte 112,
/// line 1)`.
public struct FormatError: Error, Equatable, Sendable {
  /// What kind of mistake it is; stable, for tests and for choosing a finding's code.
  public enum Kind: String, Sendable, CaseIterable {
    /// The bytes end before the value does.
    case truncated
    /// The bytes are not the grammar of the format (JSON, a name, a number).
    case syntax
    /// A well-formed value of another type or with another meaning than the field allows.
    case badValue = "bad-value"
    /// A field that must be there is not.
    case missingField = "missing-field"
    /// A field that may be there once is there twice.
    case duplicateField = "duplicate-field"
    /// Bytes behind the end of the value.
    case trailingBytes = "trailing-bytes"
    /// A stored checksum differs from the computed one.
    case checksumMismatch = "checksum-mismatch"
    /// More nesting, length or count than the reader's named maximum.
    case limitExceeded = "limit-exceeded"
  }

  public var kind: Kind
  /// Byte offset in the input at which the problem was seen.
  public var offset: Int
  /// Line of that offset, counted from 1.
  public var line: Int
  /// Path of the field, such as `lineage.original_ancestor`; empty for the whole document.
  public var field: String
  public var found: String
  public var expected: String

  public init(
    _ kind: Kind,
    offset: Int = 0,
    line: Int = 1,
    field: String = "",
    found: String,
    expected: String
  ) {
    self.kind = kind
    self.offset = offset
    self.line = line
    self.field = field
    self.found = found
    self.expected = expected
  }

  /// The same error seen as part of a larger input: `offset` bytes further on, inside `field`.
  public func within(field outer: String, at offset: Int = 0) -> FormatError {
    var error = self
    error.offset += offset
    error.field = field.isEmpty ? outer : outer.isEmpty ? field : "\(outer).\(field)"
    return error
  }
}

extension FormatError: CustomStringConvertible {
  public var description: String {
    let place = "byte \(offset), line \(line)"
    let subject = field.isEmpty ? "" : "\(field): "
    return "\(subject)found \(found), expected \(expected) (\(place))"
  }
}
