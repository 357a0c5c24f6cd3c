import IndexFormat

/// Keys as people write them.
///
/// | form | where it comes from |
/// |---|---|
/// | 36 hex digits | layer names, logs |
/// | `rel=1663/208101/2620_fsm blkno=2`, in one word or in two, with a comma or without | logs of page servers |
enum KeyText {
  static let allowed = "a key (36 hex digits), or rel=TABLESPACE/DATABASE/RELATION and blkno=N"

  static func parse(_ words: [String], written: String) throws(UsageError) -> Key {
    let parts = words.flatMap { $0.split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init) }
    let given = words.joined(separator: " ")
    func refuse() -> UsageError { UsageError(option: written, given: given, allowed: allowed) }
    if parts.count == 1, let key = Key(parts[0]) { return key }
    var relation: RelationTag?
    var block: UInt32?
    for part in parts {
      let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard sides.count == 2 else { throw refuse() }
      switch sides[0] {
      case "rel" where relation == nil:
        do throws(FormatError) {
          relation = try RelationTag(parsing: sides[1])
        } catch {
          throw UsageError(option: written, given: given, allowed: error.expected)
        }
      case "blkno" where block == nil, "blk" where block == nil:
        guard sides[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt32(sides[1]) else {
          throw UsageError(option: written, given: given, allowed: "a block number after blkno=")
        }
        block = number
      default: throw refuse()
      }
    }
    guard let relation, let block else { throw refuse() }
    return .relationBlock(relation, BlockNumber(block))
  }
}
