import Glibc
import IndexFormat

/// How two values differ: for people.
struct ByteDifference {
  /// The first byte that differs, or the length of the shorter one.
  let offset: Int
  /// How many bytes differ; those that only one has count.
  let count: Int
  /// The bit, if that is all that differs.
  let bit: UInt8?
  let seen: String
  let expected: String

  /// Bytes shown of each.
  private static let shownByteCount = 16

  /// Nil if they are equal.
  init?(_ seen: RawSpan, _ expected: RawSpan) {
    let shorter = min(seen.byteCount, expected.byteCount)
    var first: Int?
    var count = abs(seen.byteCount &- expected.byteCount)
    var bits: UInt8 = 0
    for index in 0..<shorter {
      let difference = seen.byte(index) ^ expected.byte(index)
      guard difference != 0 else { continue }
      first = first ?? index
      count += 1
      bits = difference
    }
    guard count > 0 else { return nil }
    offset = first ?? shorter
    self.count = count
    bit = count == 1 && seen.byteCount == expected.byteCount && bits.nonzeroBitCount == 1 ? bits : nil
    self.seen = Self.hex(seen, offset)
    self.expected = Self.hex(expected, offset)
  }

  /// Bytes from a place on, after what lies before it to a multiple of 8.
  private static func hex(_ bytes: RawSpan, _ offset: Int) -> String {
    let start = min(offset & ~7, bytes.byteCount)
    let end = min(start + shownByteCount, bytes.byteCount)
    var text = ""
    for index in start..<end {
      if index > start, (index - start) % 8 == 0 { text += " " }
      text += hexText(bytes.byte(index))
    }
    if text.isEmpty { text = "no byte" }
    return "\(text) from byte \(start) of \(bytes.byteCount)"
  }

  /// Two digits.
  static func hexText(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

  /// Such as `at byte 45, in one bit (0x08)`.
  var place: String {
    if let bit { return "at byte \(offset), in one bit (0x\(Self.hexText(bit)))" }
    return count == 1 ? "at byte \(offset)" : "from byte \(offset) on, in \(count) bytes"
  }
}

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
        let info = ByteDifference.hexText(header.info)
        return "record of \(ResourceManager.name(header.resourceManager)), info 0x\(info)"
      case .record(let tag): return "record \(tag)"
      }
    } catch {
      return "value of no known form"
    }
  }
}
