import Glibc
import IndexFormat

/// Whether values are equal, and what to call them.
enum ComparedValue {
  /// Equal bytes; of directories, whose order is that of a hash table in those of page servers, equal sets.
  ///
  /// - Parameters: stored forms, as in delta layers.
  static func areEqual(_ key: Key, _ left: RawSpan, _ right: RawSpan) -> Bool {
    if areSame(left, right) { return true }
    guard left.byteCount == right.byteCount, isDirectory(key) else { return false }
    do throws(FormatError) {
      let outlines = (try ValueOutline(parsing: left), try ValueOutline(parsing: right))
      guard outlines.0.form == .image, outlines.1.form == .image else { return false }
      return areEqualDirectories(
        key,
        left.extracting(outlines.0.body),
        right.extracting(outlines.1.body)
      )
    } catch {
      return false
    }
  }

  /// The same of whole values.
  static func areEqualImages(_ key: Key, _ left: RawSpan, _ right: RawSpan) -> Bool {
    areSame(left, right)
      || (left.byteCount == right.byteCount && isDirectory(key) && areEqualDirectories(key, left, right))
  }

  static func areSame(_ left: RawSpan, _ right: RawSpan) -> Bool {
    guard left.byteCount == right.byteCount else { return false }
    return left.withUnsafeBytes { left in
      right.withUnsafeBytes { right in
        guard let first = left.baseAddress, let second = right.baseAddress else { return true }
        return memcmp(first, second, left.count) == 0
      }
    }
  }

  private static func isDirectory(_ key: Key) -> Bool {
    switch KeyClass(key) {
    case .databaseDirectory, .relationDirectoryV1, .slruDirectory, .twoPhaseDirectory: true
    default: false
    }
  }

  private static func areEqualDirectories(_ key: Key, _ left: RawSpan, _ right: RawSpan) -> Bool {
    do throws(FormatError) {
      switch KeyClass(key) {
      case .databaseDirectory:
        return try DatabaseDirectory(parsing: left) == DatabaseDirectory(parsing: right)
      case .relationDirectoryV1:
        return try RelationDirectory(parsing: left) == RelationDirectory(parsing: right)
      case .slruDirectory:
        return try SLRUSegmentDirectory(parsing: left) == SLRUSegmentDirectory(parsing: right)
      case .twoPhaseDirectory:
        return try TwoPhaseDirectory(parsing: left) == TwoPhaseDirectory(parsing: right)
      default: return false
      }
    } catch {
      return false
    }
  }

  /// Two digits.
  static func hexText(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

  /// What a stored value is, such as `record of Heap, info 0x20`.
  static func words(_ stored: RawSpan) -> String {
    do throws(FormatError) {
      let outline = try ValueOutline(parsing: stored)
      switch outline.form {
      case .image: return "image of \(outline.body.count) bytes"
      case .record(.postgres):
        guard let header = WALRecordHeader(stored.extracting(outline.body)) else {
          return "record without a header"
        }
        let info = hexText(header.info)
        return "record of \(ResourceManager.name(header.resourceManager)), info 0x\(info)"
      case .record(let tag): return "record \(tag)"
      }
    } catch {
      return "value of no known form"
    }
  }
}
