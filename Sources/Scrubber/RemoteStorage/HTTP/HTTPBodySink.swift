/// Takes the body of an answer of success as it comes, in place of `HTTPResponse.body`.
///
/// Called by the network's thread, which it must not hold up; by one thread at a time.
protocol HTTPBodySink: AnyObject, Sendable {
  /// An answer has begun that has a body: called before its first bytes. A failure ends the request.
  func begin(status: Int, _ headers: HTTPHeaders) throws(HTTPFailure)

  /// Takes all of the bytes, or none: then they come again when it is ready. A failure ends the request.
  func take(_ bytes: UnsafeRawBufferPointer) throws(HTTPFailure) -> Bool

  /// Whether it takes bytes again that it did not take.
  var isReady: Bool { get }

  /// What to call, from any thread, when it may be ready again.
  func notify(_ listener: @escaping @Sendable () -> Void)
}
