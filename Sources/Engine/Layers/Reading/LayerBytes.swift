/// Bytes that were read, shared without copies. They do not change, so any task may look at them.
public struct LayerBytes: Sendable {
  private final class Storage: @unchecked Sendable {
    let buffer: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
      buffer = BufferPool.shared.take(byteCount: byteCount)
    }

    deinit { BufferPool.shared.give(buffer) }
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
    let storage = Storage(byteCount: byteCount)
    try fill(storage.buffer)
    self.init(storage, 0..<byteCount)
  }

  public init(copying bytes: RawSpan) {
    self.init(byteCount: bytes.byteCount) { buffer in
      bytes.withUnsafeBytes { buffer.copyMemory(from: $0) }
    }
  }

  public var byteCount: Int { range.count }

  public var bytes: RawSpan {
    @_lifetime(borrow self) get {
      let buffer = UnsafeRawBufferPointer(rebasing: storage.buffer[range])
      return _overrideLifetime(RawSpan(_unsafeBytes: buffer), borrowing: self)
    }
  }

  /// A part of it, which keeps all of it in memory.
  public func slice(_ part: Range<Int>) -> LayerBytes {
    precondition(part.lowerBound >= 0 && part.upperBound <= byteCount)
    return LayerBytes(storage, range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
  }
}
