/// Rules for requests that are the same for every store.
extension ObjectStore {
  var keyOrder: KeyOrder { .bytes }

  /// Refuses keys that not every store can hold: empty ones, and those with an empty part (so also a `/` at
  /// either end), a part `.` or `..`, or a NUL. Such keys may occur in listings of foreign stores, but cannot
  /// be asked for.
  func checkKey(_ key: String, for operation: StoreError.Operation) throws(StoreError) {
    let reason: String? =
      if key.utf8.contains(0) {
        "the key holds a NUL"
      } else if let part = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        .first(where: { $0.isEmpty || $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) })
      {
        part.isEmpty ? "a part of the key is empty" : "a part of the key is \(Substring(part))"
      } else {
        nil
      }
    if let reason { throw StoreError(.badRequest, operation, key: key, detail: reason) }
  }

  func checkNotCancelled(_ operation: StoreError.Operation, key: String) throws(StoreError) {
    if Task.isCancelled {
      throw StoreError(.cancelled, operation, key: key, detail: "the task was cancelled")
    }
  }
}

extension ReadRequest {
  /// Which bytes of an object of `size` bytes to read, with the end cut to the object's.
  func bytesToRead(ofSize size: UInt64) throws(StoreError) -> Range<UInt64> {
    let wanted = range ?? 0..<size
    guard wanted.lowerBound <= size else {
      let detail = "byte \(wanted.lowerBound) lies behind the object's end (\(size) bytes)"
      throw StoreError(.badRequest, .read, key: key, detail: detail)
    }
    let found = wanted.lowerBound..<min(wanted.upperBound, size)
    let count = found.upperBound - found.lowerBound
    guard limit >= 0, count <= UInt64(limit) else {
      let detail = "\(count) bytes, more than the limit of \(limit)"
      throw StoreError(.tooLarge, .read, key: key, detail: detail)
    }
    return found
  }
}
