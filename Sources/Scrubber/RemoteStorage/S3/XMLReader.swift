import CXML2

/// What reads a document as it goes by. Names and texts are gone when the call is over.
protocol XMLVisitor {
  mutating func begin(_ element: XMLName)
  /// Ends an element; `text` is what stood directly inside it.
  mutating func end(_ element: XMLName, text: Span<UInt8>)
}

/// An element's name without its namespace, where the parser has it: to compare it, no string is made.
struct XMLName {
  fileprivate let bytes: UnsafeBufferPointer<UInt8>

  fileprivate init(_ name: UnsafePointer<xmlChar>) {
    var count = 0
    while name[count] != 0 { count += 1 }
    bytes = UnsafeBufferPointer(start: name, count: count)
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  static func == (name: XMLName, text: StaticString) -> Bool {
    name.bytes.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// For `switch`.
  static func ~= (text: StaticString, name: XMLName) -> Bool { name == text }
}

/// Why a document cannot be read.
struct XMLError: Error, Sendable, Equatable {
  var message: String
}

/// Reads a document by libxml2's SAX interface: no tree, no network, no entities but the five of XML itself.
///
/// | limit | why |
/// |---|---|
/// | no document type | it is where entities are declared, and no store sends one |
/// | 12 elements deep | answers of S3 are at most five deep |
/// | 500,000 elements | 1000 objects have about ten each; some servers send larger pages |
/// | 64 KiB of text in an element | a key has at most 1024 bytes, thrice as many when encoded |
enum XMLReader {
  fileprivate static let maxDepth = 12
  fileprivate static let maxElementCount = 500_000
  fileprivate static let maxTextLength = 64 << 10

  static func read<Visitor: XMLVisitor>(_ bytes: [UInt8], by visitor: Visitor) throws(XMLError) -> Visitor {
    let state = XMLVisit(visitor)
    var handler = Self.handler
    // As its base class, as which the callbacks take it out.
    let context = Unmanaged<XMLState>.passUnretained(state).toOpaque()
    guard let parser = xmlCreatePushParserCtxt(&handler, context, nil, 0, nil) else {
      throw XMLError(message: "libxml2 has no memory")
    }
    defer { xmlFreeParserCtxt(parser) }
    let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
    xmlCtxtUseOptions(parser, CInt(options))
    var isDone = false
    for start in stride(from: 0, to: bytes.count, by: 64 << 10) where state.error == nil {
      let end = min(start + 64 << 10, bytes.count)
      isDone = end == bytes.count
      bytes[start..<end].withUnsafeBytes { chunk in
        let text = chunk.assumingMemoryBound(to: CChar.self).baseAddress
        _ = xmlParseChunk(parser, text, CInt(chunk.count), isDone ? 1 : 0)
      }
    }
    withExtendedLifetime(state) {}
    if let error = state.error { throw error }
    guard isDone, parser.pointee.wellFormed == 1, state.isFinished else {
      throw XMLError(message: "the answer is not well-formed XML")
    }
    return state.visitor
  }

  private static var handler: xmlSAXHandler {
    var handler = xmlSAXHandler()
    handler.initialized = UInt32(XML_SAX2_MAGIC)
    handler.startElementNs = { context, name, _, _, _, _, _, _, _ in
      XMLState.from(context)?.begin(name)
    }
    handler.endElementNs = { context, name, _, _ in XMLState.from(context)?.end(name) }
    handler.characters = { context, bytes, count in XMLState.from(context)?.add(bytes, count) }
    handler.cdataBlock = { context, bytes, count in XMLState.from(context)?.add(bytes, count) }
    handler.internalSubset = { context, _, _, _ in
      XMLState.from(context)?.fail("the answer has a document type")
    }
    // Without this errors would go to standard error. Lesser ones are about namespaces, which nothing here depends on.
    handler.serror = { context, error in
      guard let error, error.pointee.level == XML_ERR_FATAL else { return }
      XMLState.from(context)?.fail("the answer is not well-formed XML")
    }
    return handler
  }
}

/// Where a document stands. Used by one parser's callbacks, one after the other.
///
/// Callbacks of C cannot be generic: what concerns the visitor is in the subclass. As no callback is ever called inside
/// of another one, there is nothing to check about exclusive access, which would cost more than the work.
private class XMLState {
  @exclusivity(unchecked) private(set) var error: XMLError?
  /// The text of all open elements, one behind the other, and where each one's begins: the innermost one's is
  /// the last, so that no element needs a buffer of its own.
  @exclusivity(unchecked) private var text: [UInt8] = []
  @exclusivity(unchecked) private var textStarts: [Int] = []
  @exclusivity(unchecked) private var elementCount = 0
  var isFinished: Bool { textStarts.isEmpty && elementCount > 0 }

  static func from(_ context: UnsafeMutableRawPointer?) -> XMLState? {
    context.map { Unmanaged<XMLState>.fromOpaque($0).takeUnretainedValue() }
  }

  func visitBegin(_ element: XMLName) {}
  func visitEnd(_ element: XMLName, text: Span<UInt8>) {}

  final func fail(_ message: String) { if error == nil { error = XMLError(message: message) } }

  final func begin(_ name: UnsafePointer<xmlChar>?) {
    guard error == nil, let name else { return }
    elementCount += 1
    guard textStarts.count < XMLReader.maxDepth else { return fail("elements are nested too deeply") }
    guard elementCount <= XMLReader.maxElementCount else { return fail("there are too many elements") }
    textStarts.append(text.count)
    visitBegin(XMLName(name))
  }

  final func end(_ name: UnsafePointer<xmlChar>?) {
    guard error == nil, let name, let start = textStarts.popLast() else { return }
    visitEnd(XMLName(name), text: text.span.extracting(droppingFirst: start))
    text.removeLast(text.count - start)
  }

  final func add(_ bytes: UnsafePointer<xmlChar>?, _ count: CInt) {
    guard error == nil, let bytes, count > 0, let start = textStarts.last else { return }
    guard text.count - start + Int(count) <= XMLReader.maxTextLength else {
      return fail("a text is too long")
    }
    text.append(contentsOf: UnsafeBufferPointer(start: bytes, count: Int(count)))
  }
}

private final class XMLVisit<Visitor: XMLVisitor>: XMLState {
  @exclusivity(unchecked) private(set) var visitor: Visitor

  init(_ visitor: Visitor) { self.visitor = visitor }

  override func visitBegin(_ element: XMLName) { visitor.begin(element) }
  override func visitEnd(_ element: XMLName, text: Span<UInt8>) { visitor.end(element, text: text) }
}

extension Span<UInt8> {
  /// The same bytes as an array.
  var array: [UInt8] { withUnsafeBufferPointer { Array($0) } }

  /// The first bytes, at most `limit` of them, as text.
  func text(limit: Int = .max) -> String {
    withUnsafeBufferPointer { String(decoding: $0.prefix(limit), as: UTF8.self) }
  }

  func isEqual(to text: StaticString) -> Bool {
    withUnsafeBufferPointer { bytes in
      text.withUTF8Buffer { $0.elementsEqual(bytes) }
    }
  }
}
