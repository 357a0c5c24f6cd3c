import Glibc

/// Layers in a folder: a copy of a bucket, a snapshot, a page server's LocalFs store. Keys are paths below it.
///
/// Files are read, not mapped. Somebody else may cut a file while it is looked at (a copy that is repeated in place,
/// say), and touching a mapped page behind the new end kills the process by SIGBUS; a read just comes back short,
/// which is an error here. The price is one copy, which costs less than decompressing what is copied. A symbolic link
/// in place of a file is not followed, and no key leads out of the folder by `..`.
public struct FolderLayerSource: LayerSource {
  /// Without a slash at the end.
  public let root: String

  /// More than this is not asked for at once: the caller has forgotten a limit.
  static let maximumReadByteCount: UInt64 = 1 << 30

  public init(root: String) { self.root = root }

  public func byteCount(of key: String) async throws(LayerSourceError) -> UInt64 {
    try File(self, key).byteCount
  }

  public func read(_ key: String, _ range: Range<UInt64>) async throws(LayerSourceError) -> LayerBytes {
    guard range.upperBound <= UInt64(Int64.max),
      range.upperBound - range.lowerBound <= Self.maximumReadByteCount
    else { throw LayerSourceError(.badRequest, key: key, detail: "a range of \(range)") }
    let file = try File(self, key)
    return try LayerBytes(byteCount: Int(range.upperBound - range.lowerBound)) {
      (buffer) throws(LayerSourceError) in
      try file.read(into: buffer, from: range.lowerBound)
    }
  }
}

/// An open file, closed at the end of its life.
private struct File: ~Copyable {
  let descriptor: Int32
  let key: String
  let byteCount: UInt64

  init(_ source: FolderLayerSource, _ key: String) throws(LayerSourceError) {
    guard !key.utf8.contains(0), !key.split(separator: "/", omittingEmptySubsequences: false).contains("..")
    else {
      throw LayerSourceError(.badRequest, key: key, detail: "the key leads out of the folder")
    }
    let descriptor = open("\(source.root)/\(key)", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.error("open", key) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let error = Self.error("fstat", key)
      close(descriptor)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw LayerSourceError(.failed, key: key, detail: "not a file")
    }
    self.descriptor = descriptor
    self.key = key
    byteCount = UInt64(clamping: status.st_size)
  }

  deinit { close(descriptor) }

  func read(into buffer: UnsafeMutableRawBufferPointer, from start: UInt64) throws(LayerSourceError) {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(start) + off_t(done))
      if count < 0 {
        if errno == EINTR { continue }
        throw Self.error("pread", key)
      }
      guard count > 0 else {
        let end = start + UInt64(done)
        throw LayerSourceError(
          .shortRead,
          key: key,
          detail: "the file ends at \(end), before \(start + UInt64(buffer.count))"
        )
      }
      done += count
    }
  }

  private static func error(_ call: String, _ key: String) -> LayerSourceError {
    let code = errno
    let kind: LayerSourceError.Kind =
      switch code {
      case ENOENT, ENOTDIR: .notFound
      case EACCES, EPERM: .accessDenied
      default: .failed
      }
    return LayerSourceError(kind, key: key, detail: "\(call): \(String(cString: strerror(code)))")
  }
}
