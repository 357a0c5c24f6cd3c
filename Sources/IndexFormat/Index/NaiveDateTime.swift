public struct NaiveDateTime: Hashable, Sendable, CustomStringConvertible { public var description: String; public init?(text: RawSpan) { description = String(decoding: (0..<text.byteCount).map { text.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }, as: UTF8.self) } 
public func append(to bytes: inout [UInt8]) { bytes.append(contentsOf: description.utf8) } }
