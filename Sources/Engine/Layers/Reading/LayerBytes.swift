/// Bytes that were read, shared without copies. They do not change, so any task may look at them.
public struct LayerBytes: Sendable {
  /// Memory of the pool.
  private final class Buffer: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
      bytes = BufferPool.shared.take(byteCount: byteCount)
    }

    deinit { BufferPool.shared.give(bytes) }
  }

  private enum Storage: Sendable {
    case buffer(Buffer)
    /// What somebody else has read.
    case array([UInt8])
  }

  private let storage: Storage
  private let range: Range<Int>

  private init(_ storage: Storage, _ range: Range<Int>) {
    self.storage = storage
    self.range = range
  }

  /// Makes room for bytes, and has it filled.
  public init<Failure: Error>(
    byteCount: Int,
    _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    let buffer = Buffer(byteCount: byteCount)
    try fill(buffer.bytes)
    self.init(.buffer(buffer), 0..<byteCount)
  }

  /// Takes an array over without a copy.
  public init(_ array: [UInt8]) { self.init(.array(array), 0..<array.count) }

  public init(copying bytes: RawSpan) {
    self.init(byteCount: bytes.byteCount) { buffer in
      bytes.withUnsafeBytes { buffer.copyMemory(from: $0) }
    }
  }

  public var byteCount: Int { range.count }

  public var bytes: RawSpan {
    @_lifetime(borrow self) get {
      switch storage {
      case .buffer(let buffer):
        let part = UnsafeRawBufferPointer(rebasing: buffer.bytes[range])
        return _overrideLifetime(RawSpan(_unsafeBytes: part), borrowing: self)
      case .array(let array):
        return _overrideLifetime(array.span.bytes.extracting(range), borrowing: self)
      }
    }
  }

  /// A part of it, which keeps all of it in memory.
  public func slice(_ part: Range<Int>) -> LayerBytes {
    precondition(part.lowerBound >= 0 && part.upperBound <= byteCount)
    return LayerBytes(storage, range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
  }
}
