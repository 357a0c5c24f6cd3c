import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Buckets with the bytes of all objects.
enum RealBucket {
  /// The committed sample: tenant E of the golden set.
  static let sampleFolder = GoldenText.root.appending(path: "samples/bucket")

  /// The sample's objects by key.
  static func sample() throws -> [String: [UInt8]] { try objects(below: sampleFolder) }

  static func objects(below folder: URL) throws -> [String: [UInt8]] {
    var objects: [String: [UInt8]] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      var isFolder: ObjCBool = false
      let file = folder.appending(path: path)
      guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue
      else { continue }
      objects[path] = [UInt8](try Data(contentsOf: file))
    }
    return objects
  }

  static func store(_ objects: [String: [UInt8]]) throws -> MemoryObjectStore {
    let store = MemoryObjectStore()
    for (key, bytes) in objects.sorted(by: { $0.key < $1.key }) {
      try store.put(key, body: .bytes(bytes), lastModified: Timestamp(seconds: 1_795_399_907))
    }
    return store
  }

  // MARK: Golden tenants

  /// Unpacks golden tenants into a folder; the objects lie in it by key.
  static func unpack(_ tenants: [String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for tenant in tenants {
      let era = ["J", "K", "M"].contains(tenant) ? "pageserver-2024" : "pageserver"
      try Golden.unpack("\(era)/tenants/\(tenant).tar.zst", into: folder.path)
    }
    return folder
  }
}

extension [String: [UInt8]] {
  struct CannotDamage: Error {
    var operation: Damage.Operation
  }

  /// Does a damage to bytes.
  mutating func apply(_ damage: Damage) throws {
    for operation in damage.operations {
      let bytes = hexBytes(operation.hex ?? "")
      let offset = Int(clamping: operation.offset ?? 0)
      switch (operation.op, operation.key, operation.from, operation.to) {
      case ("put", let key?, _, _): self[key] = Array((operation.text ?? "").utf8)
      case ("delete", let key?, _, _): self[key] = nil
      case ("copy", _, let from?, let to?): self[to] = self[from]
      case ("truncate", let key?, _, _):
        self[key] = self[key].map { Array($0.prefix(Int(operation.size ?? 0))) }
      case ("append", let key?, _, _): self[key]? += bytes
      case ("write", let key?, _, _), ("xor", let key?, _, _):
        guard var object = self[key], offset + bytes.count <= object.count else {
          throw CannotDamage(operation: operation)
        }
        for (index, byte) in bytes.enumerated() {
          object[offset + index] = operation.op == "xor" ? object[offset + index] ^ byte : byte
        }
        self[key] = object
      default: throw CannotDamage(operation: operation)
      }
    }
  }

  private func hexBytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
