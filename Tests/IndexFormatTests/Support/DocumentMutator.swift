/// Makes damaged, odd and merely unusual documents from good ones; the same from the same seed.
struct DocumentMutator {
  private let documents: [[UInt8]]
  private var generator: RepeatableGenerator

  private static let bytes =
    Array("\"\\{}[]:,0123456789+-.eEtfnu/ \n\t_aAgGT".utf8) + [
      0x00, 0x1f, 0x7f, 0x80, 0xc0, 0xe2, 0xf4, 0xff,
    ]
  private static let numbers = [
    "0", "-0", "-1", "1", "00", "01", "1.0", "1e0", "1e400", "-1e400", "255", "256", "4294967295",
    "4294967296",
    "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "18446744073709551615", "18446744073709551616", "99999999999999999999999999",
    "0x10",
    "1_000", "+1", "", ".5", "5.", "null", "\"7\"",
  ]
  private static let texts = [
    "\\n", "\\u0000", "\\u0041", "\\ud83d\\ude00", "\\ud83d", "\\ude00", "\\ud83d\\u0041", "\\ud83d\\",
    "\\u12",
    "\\x41", "\\", "\\\\", "\\\"", "\\/", "ä", "😀", "\u{0}", "\u{7f}", "\\ud83d\\ude0", "%41", "'",
  ]
  private static let members = [
    "\"x\":1", "\"\":{}", "\"version\":3", "\"generation\":7", "\"metadata\":null", "\"lineage\":{}",
    "\"timeline_layers\":[]", "\"deleted_at\":null", "\"shard\":\"0102\"", "\"cold\":true",
    "\"\\u0078\":[null]",
    "\"l2_lsn\":\"0/8\"", "\"archived_at\":\"2024-2-29T1:2:3.4\"", "\"validated\":false", "\"size\":0",
    "\"prev_record_lsn\":null", "\"upload_period_ms\":null", "\"stripe_size\":8192",
    "\"last_aux_file_policy\":\"V2\"",
  ]

  init(documents: [[UInt8]], seed: UInt64) {
    self.documents = documents
    generator = RepeatableGenerator(seed: seed)
  }

  mutating func next() -> [UInt8] {
    var document = pick(documents)
    // Half of them are only unusual, so that many are accepted.
    let isGentle = Bool.random(using: &generator)
    for _ in 0..<number(below: 3) + 1 {
      if isGentle { rearrange(&document) } else { damage(&document) }
    }
    return document
  }

  private mutating func number(below limit: Int) -> Int {
    limit > 0 ? Int.random(in: 0..<limit, using: &generator) : 0
  }

  private mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[number(below: elements.count)]
  }

  private mutating func range(in document: [UInt8], atMost limit: Int) -> Range<Int> {
    let start = number(below: document.count + 1)
    return start..<min(document.count, start + number(below: limit) + 1)
  }

  private mutating func damage(_ document: inout [UInt8]) {
    let place = number(below: document.count)
    switch number(below: 11) {
    case 0 where !document.isEmpty: document[place] ^= 1 << UInt8(number(below: 8))
    case 1 where !document.isEmpty: document[place] = pick(Self.bytes)
    case 2: document.insert(pick(Self.bytes), at: place)
    case 3: document.removeSubrange(range(in: document, atMost: 40))
    case 4: document.insert(contentsOf: document[range(in: document, atMost: 200)], at: place)
    case 5:
      let other = pick(documents)
      document.replaceSubrange(range(in: document, atMost: 100), with: other[range(in: other, atMost: 100)])
    case 6: document.removeLast(document.count - place)
    case 7: nest(&document)
    case 8:
      insertText(
        String(repeating: pick(["x", "\\u0078", "\\\\", "0"]), count: number(below: 3000)),
        &document
      )
    case 9: insertText(pick(Self.texts), &document)
    default: replaceNumber(&document)
    }
  }

  private mutating func rearrange(_ document: inout [UInt8]) {
    switch number(below: 6) {
    case 0: shuffleMembers(&document)
    case 1: replaceNumber(&document)
    case 2: insertMember(&document)
    case 3: insertSpace(&document)
    case 4: escapeLetter(&document)
    default: changeCase(&document)
    }
  }

  /// The first byte of one kind at or behind an arbitrary place, nil if there is none.
  private mutating func place(of wanted: String, in document: [UInt8]) -> Int? {
    let wanted = Array(wanted.utf8)
    let start = number(below: document.count)
    return document[start...].firstIndex(where: wanted.contains)
      ?? document[..<start].firstIndex(where: wanted.contains)
  }

  private mutating func nest(_ document: inout [UInt8]) {
    guard let place = place(of: ":,[", in: document) else { return }
    let (open, close) = pick([("[", "]"), ("{\"a\":", "}"), ("[[],", "]"), ("{\"a\":{},\"b\":", "}")])
    let depth = pick([1, 2, 60, 126, 127, 128, 129, 500, 5000])
    let closed = pick([true, true, false]) ? String(repeating: close, count: depth) : ""
    document.insert(contentsOf: (String(repeating: open, count: depth) + "0" + closed).utf8, at: place + 1)
  }

  private mutating func insertText(_ text: String, _ document: inout [UInt8]) {
    guard let place = place(of: "\"", in: document) else { return }
    document.insert(contentsOf: text.utf8, at: place + 1)
  }

  private mutating func replaceNumber(_ document: inout [UInt8]) {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    // Numbers begin behind these; a string or object is met now and then, and left alone.
    guard let start = place(of: ":,[", in: document).map({ $0 + 1 }), start < document.count,
      digits ~= document[start]
    else { return }
    let end = document[start...].firstIndex { !(digits ~= $0) } ?? document.count
    document.replaceSubrange(start..<end, with: pick(Self.numbers).utf8)
  }

  private mutating func insertMember(_ document: inout [UInt8]) {
    guard let place = place(of: "{", in: document) else { return }
    let isEmpty = place + 1 < document.count && document[place + 1] == UInt8(ascii: "}")
    document.insert(contentsOf: (pick(Self.members) + (isEmpty ? "" : ",")).utf8, at: place + 1)
  }

  private mutating func insertSpace(_ document: inout [UInt8]) {
    guard let place = place(of: "{}[],:", in: document) else { return }
    document.insert(contentsOf: pick([" ", "\n", "\t\r\n", "   "]).utf8, at: place + number(below: 2))
  }

  private mutating func escapeLetter(_ document: inout [UInt8]) {
    guard let place = place(of: "abcdeglmnrs", in: document) else { return }
    document.replaceSubrange(place...place, with: "\\u00\(String(document[place], radix: 16))".utf8)
  }

  private mutating func changeCase(_ document: inout [UInt8]) {
    guard let place = place(of: "abcdefABCDEF", in: document) else { return }
    document[place] ^= 0x20
  }

  /// Puts the members of one object into another order.
  private mutating func shuffleMembers(_ document: inout [UInt8]) {
    guard let start = place(of: "{", in: document) else { return }
    var depth = 0
    var inString = false
    var cuts: [Int] = [start + 1]
    var offset = start
    while offset < document.count {
      switch document[offset] {
      case UInt8(ascii: "\\") where inString: offset += 1
      case UInt8(ascii: "\""): inString.toggle()
      case UInt8(ascii: "{") where !inString, UInt8(ascii: "[") where !inString: depth += 1
      case UInt8(ascii: "}") where !inString, UInt8(ascii: "]") where !inString: depth -= 1
      case UInt8(ascii: ",") where !inString && depth == 1: cuts.append(offset + 1)
      default: break
      }
      if depth == 0 { break }
      offset += 1
    }
    guard depth == 0, cuts.count > 1, offset < document.count else { return }
    let ends = cuts.dropFirst().map { $0 - 1 } + [offset]
    let members = zip(cuts, ends).map { Array(document[$0..<$1]) }.shuffled(using: &generator)
    document.replaceSubrange(start + 1..<offset, with: Array(members.joined(separator: [UInt8(ascii: ",")])))
  }
}
