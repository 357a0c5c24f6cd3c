import Foundation
import Testing

@testable import Scrubber

/// One damage of the golden set: what is done to a bucket, and under which name it is known.
struct Damage: Decodable, CustomTestStringConvertible, Sendable {
  struct Operation: Decodable, Sendable {
    var op: String
    var key: String?
    var from: String?
    var to: String?
    var text: String?
    var size: UInt64?
    var offset: UInt64?
    var hex: String?

    /// Bytes that are written or appended.
    var byteCount: UInt64 { UInt64((hex ?? "").count / 2) }
  }

  var name: String
  var what: String
  var operations: [Operation]

  var testDescription: String { name }

  /// The damages of one era: "damage-2026" (to tenants B and E) or "damage-2024" (to tenant J).
  static func all(_ file: String) throws -> [Damage] {
    try JSONDecoder().decode(
      [Damage].self,
      from: Data(contentsOf: BucketFixture.folder.appending(path: "\(file).json"))
    )
  }
}

extension BucketFixture {
  struct UnknownOperation: Error {
    var operation: Damage.Operation
  }

  private mutating func change(_ key: String, _ body: (inout Object) -> Void) {
    guard var object = objects[key] else { return }
    body(&object)
    objects[key] = object
  }

  /// The moment at which damage is done: later than everything in the golden buckets.
  private static let damageMoment = Timestamp(seconds: 1_800_000_000)

  /// Does one damage. Bodies of layers are not there, so writing inside one changes at most its size.
  mutating func apply(_ damage: Damage) throws {
    for operation in damage.operations {
      switch (operation.op, operation.key, operation.from, operation.to) {
      case ("put", let key?, _, _):
        let text = operation.text ?? ""
        objects[key] = Object(size: UInt64(text.utf8.count), text: text, lastModified: Self.damageMoment)
      case ("delete", let key?, _, _): objects[key] = nil
      case ("copy", _, let from?, let to?):
        objects[to] = objects[from]
        objects[to]?.lastModified = Self.damageMoment
      case ("truncate", let key?, _, _):
        let size = operation.size ?? 0
        change(key) { object in
          object.size = size
          object.text = object.text.map { String(decoding: $0.utf8.prefix(Int(size)), as: UTF8.self) }
        }
      case ("append", let key?, _, _): change(key) { $0.size += operation.byteCount }
      case ("write", let key?, _, _):
        let end = (operation.offset ?? 0) + operation.byteCount
        change(key) { $0.size = max($0.size, end) }
      case ("xor", .some, _, _): break
      default: throw UnknownOperation(operation: operation)
      }
    }
  }
}
