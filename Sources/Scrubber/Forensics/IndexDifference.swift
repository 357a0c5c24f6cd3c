import IndexFormat

/// What differs between two indices: members, and layers.
struct IndexDifference: Equatable {
  struct Member: Equatable {
    var name: String
    /// JSON; nil if it is not there.
    var left: String?
    var right: String?
  }

  struct Change: Equatable {
    var left: IndexLayer
    var right: IndexLayer
  }

  private(set) var members: [Member] = []
  private(set) var removed: [IndexLayer] = []
  private(set) var added: [IndexLayer] = []
  /// Of one name, and otherwise not the same.
  private(set) var changed: [Change] = []
  private(set) var sameCount = 0

  init(_ left: IndexPart, _ right: IndexPart) {
    members = Self.members(left, right)
    let before = Dictionary(left.layers.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    let after = Dictionary(right.layers.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    for (name, layer) in before {
      guard let other = after[name] else {
        removed.append(layer)
        continue
      }
      if other == layer { sameCount += 1 } else { changed.append(Change(left: layer, right: other)) }
    }
    added = after.values.filter { before[$0.name] == nil }
    removed.sort { LayerSelection.precedes($0.name, $1.name) }
    added.sort { LayerSelection.precedes($0.name, $1.name) }
    changed.sort { LayerSelection.precedes($0.left.name, $1.left.name) }
  }

  var isEmpty: Bool { members.isEmpty && removed.isEmpty && added.isEmpty && changed.isEmpty }

  static func byteCount(_ layers: [IndexLayer]) -> UInt64 {
    layers.reduce(0) { $0.saturatingSum($1.fileSize) }
  }

  private static func members(_ left: IndexPart, _ right: IndexPart) -> [Member] {
    let (before, after) = (flat(left), flat(right))
    let later = Dictionary(after, uniquingKeysWith: { $1 })
    let earlier = Dictionary(before, uniquingKeysWith: { $1 })
    var members = before.compactMap { name, value in
      later[name] == value ? nil : Member(name: name, left: value, right: later[name])
    }
    members += after.filter { earlier[$0.0] == nil }.map { Member(name: $0.0, left: nil, right: $0.1) }
    return members
  }

  /// All members but the layers, those of objects by their path. Metadata in its binary form counts by what it says.
  private static func flat(_ index: IndexPart) -> [(String, String)] {
    var index = index
    index.layers = []
    index.layerUnknownFields = [:]
    index.metadataForm = .object
    var found: [(String, String)] = []
    var waiting = JSONText.members(index.encode()[...]).filter { $0.name != "layer_metadata" }
    waiting.reverse()
    while let (name, value) = waiting.popLast() {
      let inner = value.first == UInt8(ascii: "{") ? JSONText.members(value) : []
      if inner.isEmpty {
        found.append((name, String(decoding: value, as: UTF8.self)))
      } else {
        // Whichever of its two names the metadata has, it is the same.
        let path = name == "metadata" ? "metadata_bytes" : name
        waiting += inner.reversed().map { ("\(path).\($0.name)", $0.value) }
      }
    }
    return found
  }
}
