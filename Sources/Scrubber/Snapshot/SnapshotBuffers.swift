import Glibc
import Synchronization

/// Buffers that files of a snapshot are written from, one after another: whoever needs one takes one that is idle, and
/// gives it back. A snapshot of a thousand files so touches no more fresh memory than the files that are open at once.
///
/// They stand on large pages of memory where the system has them: what is written past the page cache is pinned page by
/// page, and there are 512 times fewer.
final class SnapshotBuffers: Sendable {
  /// A buffer's length.
  static let byteCount = 1 << 20

  private static let largePageByteCount = 2 << 20

  private let idle = Mutex<[Buffer]>([])

  /// Memory at the address of a block, of one owner at a time.
  final class Buffer: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    private let memory: Memory

    fileprivate init(_ bytes: UnsafeMutableRawBufferPointer, _ memory: Memory) {
      (self.bytes, self.memory) = (bytes, memory)
    }
  }

  /// A large page; there for as long as one of its buffers is.
  fileprivate final class Memory: @unchecked Sendable {
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: largePageByteCount,
      alignment: largePageByteCount
    )

    init() {
      // A system without large pages gives small ones.
      _ = madvise(bytes.baseAddress, bytes.count, MADV_HUGEPAGE)
    }

    deinit { bytes.deallocate() }
  }

  func take() -> Buffer {
    idle.withLock { idle in
      if let buffer = idle.popLast() { return buffer }
      let memory = Memory()
      for start in stride(from: Self.byteCount, to: memory.bytes.count, by: Self.byteCount) {
        idle.append(Self.buffer(memory, start))
      }
      return Self.buffer(memory, 0)
    }
  }

  private static func buffer(_ memory: Memory, _ start: Int) -> Buffer {
    Buffer(UnsafeMutableRawBufferPointer(rebasing: memory.bytes[start..<start + byteCount]), memory)
  }

  func give(back buffers: [Buffer]) { idle.withLock { $0 += buffers } }
}
