/// Cuts a JSON document that is one long array of objects, or holds one, into these objects while it is being
/// read, so that it need never be in memory as a whole.
///
///     var splitter = JSONElementSplitter(member: "timelines")
///     try splitter.add(bytes) { element, place throws(FormatError) in … }      // for each piece of the document
///     let rest = try splitter.finish()                                         // the document with an empty array
///
/// Strings, escapes and brackets are followed, nothing else: each object and the rest are read by who gets them, which
/// checks the grammar of all of it.
public struct JSONElementSplitter {
  private enum State {
    /// Outside of the array.
    case outside
    case beforeFirst, beforeNext, afterElement
    case inElement
  }

  /// The member whose value is the array; nil if the document itself is it.
  private let member: StaticString?
  private var state = State.outside
  private var isDone = false
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  private var element: [UInt8] = []
  private var rest: [UInt8] = []
  private var offset = 0
  private var line = 1
  private var start = Place(index: 0, offset: 0, line: 1)

  /// Where in the document an object begins.
  public struct Place: Sendable, Equatable {
    public var index: Int
    public var offset: Int
    public var line: Int
  }

  public static let maxElementLength = 64 << 20
  public static let maxRestLength = 1 << 20

  public init(member: StaticString?) { self.member = member }

  /// Takes the next bytes of the document and calls `body` with each object that is complete.
  public mutating func add(
    _ bytes: RawSpan,
    _ body: (RawSpan, Place) throws(FormatError) -> Void
  ) throws(FormatError) {
    for index in 0..<bytes.byteCount {
      let byte = bytes.byte(index)
      try take(byte)
      offset += 1
      if byte == 0x0a { line += 1 }
      guard state == .afterElement, !element.isEmpty else { continue }
      do throws(FormatError) {
        try body(element.span.bytes, start)
      } catch {
        var error = error
        error.line += start.line - 1
        throw error.within(field: "\(member.map { "\($0)" } ?? "")[\(start.index)]", at: start.offset)
      }
      start.index += 1
      element.removeAll(keepingCapacity: true)
    }
  }

  /// What is left of the document without the objects, once all of it has been added.
  public func finish() throws(FormatError) -> [UInt8] {
    guard state == .outside, depth == 0, !isInString else {
      throw fault("the end of the document", .truncated)
    }
    return rest
  }

  // MARK: One byte

  private mutating func take(_ byte: UInt8) throws(FormatError) {
    switch state {
    case .outside: try takeOutside(byte)
    case .inElement: try takeInElement(byte)
    case .beforeFirst, .beforeNext, .afterElement: try takeBetween(byte)
    }
  }

  private mutating func takeOutside(_ byte: UInt8) throws(FormatError) {
    guard rest.count < JSONElementSplitter.maxRestLength else {
      throw fault("at most \(JSONElementSplitter.maxRestLength) bytes beside the array", .limitExceeded)
    }
    let isBegin = byte == UInt8(ascii: "[") && !isInString && !isDone && isArrayNext
    rest.append(byte)
    follow(byte)
    if isBegin { state = .beforeFirst }
  }

  private mutating func takeBetween(_ byte: UInt8) throws(FormatError) {
    switch byte {
    case 0x20, 0x09, 0x0a, 0x0d: break
    case UInt8(ascii: "]") where state != .beforeNext:
      rest.append(byte)
      follow(byte)
      isDone = true
      state = .outside
    case UInt8(ascii: ",") where state == .afterElement: state = .beforeNext
    case UInt8(ascii: "{") where state != .afterElement:
      state = .inElement
      start = Place(index: start.index, offset: offset, line: line)
      element.append(byte)
      follow(byte)
    default: throw fault(state == .afterElement ? "',' or ']'" : "an object", .syntax, found: byte)
    }
  }

  private mutating func takeInElement(_ byte: UInt8) throws(FormatError) {
    guard element.count < JSONElementSplitter.maxElementLength else {
      throw fault("at most \(JSONElementSplitter.maxElementLength) bytes an object", .limitExceeded)
    }
    element.append(byte)
    follow(byte)
    if depth == outerDepth { state = .afterElement }
  }

  /// How deep the array's objects lie.
  private var outerDepth: Int { member == nil ? 1 : 2 }

  private mutating func follow(_ byte: UInt8) {
    if isInString {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isInString = false
      }
      return
    }
    switch byte {
    case UInt8(ascii: "\""): isInString = true
    case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
    // Below 0 it is no JSON, which whoever reads the rest will say.
    case UInt8(ascii: "}"), UInt8(ascii: "]"): depth = max(0, depth - 1)
    default: break
    }
  }

  /// Whether a `[` here would begin the array: what stands before it is nothing, or the member's name and a colon.
  private var isArrayNext: Bool {
    let isSpace = { (byte: UInt8) in [0x20, 0x09, 0x0a, 0x0d].contains(byte) }
    guard let member else { return depth == 0 && rest.allSatisfy(isSpace) }
    guard depth == 1 else { return false }
    var before = rest[...]
    while let last = before.last, isSpace(last) { before.removeLast() }
    guard before.popLast() == UInt8(ascii: ":") else { return false }
    while let last = before.last, isSpace(last) { before.removeLast() }
    let name = Array("\"\(member)\"".utf8)
    guard before.suffix(name.count).elementsEqual(name) else { return false }
    return before.dropLast(name.count).last != UInt8(ascii: "\\")
  }

  private func fault(_ expected: String, _ kind: FormatError.Kind, found: UInt8? = nil) -> FormatError {
    let seen = found.map { FormatError.excerpt(of: [$0].span.bytes, at: 0) } ?? "the end of the data"
    return FormatError(
      kind,
      offset: offset,
      line: line,
      field: member.map { "\($0)" } ?? "",
      found: kind == .limitExceeded ? "more" : seen,
      expected: expected
    )
  }
}
