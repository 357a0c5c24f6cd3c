extension ObjectStore {
  /// Cuts by the first hex digits of tenants, which are evenly distributed. Needs no request.
  func split(
    _ request: ListRequest,
    at prefix: String,
    into count: Int
  ) async throws(StoreError) -> [ListRequest] {
    let digits = Array("0123456789abcdef")
    let cuts =
      count <= 16
      ? digits.map { "\(prefix)\($0)" } : digits.flatMap { first in digits.map { "\(prefix)\(first)\($0)" } }
    let step = max(1, cuts.count / max(1, count))
    return request.cut(at: stride(from: step, to: cuts.count, by: step).map { cuts[$0] })
  }
}

extension ListRequest {
  /// The same keys as several requests: those before the first cut, from there to the next, and so on.
  ///
  /// A cut is the beginning of keys, not a key: all keys that begin with it come behind the cut.
  func cut(at cuts: [String]) -> [ListRequest] {
    var parts: [ListRequest] = []
    var rest = self
    for cut in cuts {
      var part = rest
      // Up to the cut and with it, in case there is an object of just that name.
      part.endBefore = cut + "\u{0}"
      parts.append(part)
      rest.startAfter = cut
    }
    return parts + [rest]
  }
}
