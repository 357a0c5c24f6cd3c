import CCurl
import Glibc
import Synchronization

/// HTTP by libcurl: all requests of a program on one thread, over connections that are kept and shared.
///
/// | what | how |
/// |---|---|
/// | requests at the same time | at most `maxInFlight`; the rest waits in the order it came |
/// | HTTP/2 | where the server offers it over TLS |
/// | redirects | are not followed: a signature holds for one address |
/// | proxies | `https_proxy`, `HTTPS_PROXY`, `http_proxy`, `ALL_PROXY`, `NO_PROXY`, as libcurl reads them. Not `HTTP_PROXY`: a web server sets that from a header of its client |
/// | cancellation | the transfer is removed and its connection closed |
/// | a body that its taker has no room for | is not read on until there is room |
///
/// No task ever waits on a lock while the network is slow; the thread sleeps in `curl_multi_poll` and is woken for new
/// requests by `curl_multi_wakeup`.
final class CurlClient: Sendable {
  private let loop: CurlLoop

  /// - Parameter authorities: A file of certificates to trust instead of the system's.
  init(maxInFlight: Int = 64, authorities: String? = nil) {
    loop = CurlLoop(maxInFlight: max(1, maxInFlight), authorities: authorities)
    loop.start()
  }

  deinit { loop.stop() }

  /// To be called by a command that reads many large bodies, before it makes a client: memory that they took is used
  /// again for others, and not given back in between.
  static func expectLargeBodies() { shim_keep_memory() }

  func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    let transfer = CurlTransfer(request)
    let loop = loop
    request.sink?.notify { loop.wake() }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        transfer.continuation = continuation
        loop.add(transfer)
      }
    } onCancel: {
      transfer.isCancelled.store(true, ordering: .releasing)
      loop.wake()
    }
    return try result.get()
  }
}

/// The thread and what it works on. Lives until it is stopped.
private final class CurlLoop: @unchecked Sendable {
  private struct Mailbox {
    var new: [CurlTransfer] = []
    var isStopped = false
  }

  private let maxInFlight: Int
  private let authorities: String?
  /// Nil if libcurl has no memory; then every request fails.
  private let multi: UnsafeMutableRawPointer?
  private let mailbox = Mutex(Mailbox())
  /// The rest belongs to the thread.
  private var waiting: ArraySlice<CurlTransfer> = []
  private var running: [UnsafeMutableRawPointer: CurlTransfer] = [:]
  private var idleHandles: [UnsafeMutableRawPointer] = []

  private static let globalResult = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

  init(maxInFlight: Int, authorities: String?) {
    self.maxInFlight = maxInFlight
    self.authorities = authorities
    multi = Self.globalResult == CURLE_OK ? curl_multi_init() : nil
    if let multi {
      // An unknown option would only cost speed.
      _ = shim_multi_set_long(multi, CURLMOPT_MAXCONNECTS, maxInFlight)
      _ = shim_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, maxInFlight)
    }
  }

  deinit { if let multi { curl_multi_cleanup(multi) } }

  func start() {
    guard multi != nil else { return }
    if !SystemThread.start({ self.run() }) { mailbox.withLock { $0.isStopped = true } }
  }

  func stop() {
    mailbox.withLock { $0.isStopped = true }
    wake()
  }

  func add(_ transfer: CurlTransfer) {
    let isAccepted = mailbox.withLock { mailbox in
      guard !mailbox.isStopped, multi != nil else { return false }
      mailbox.new.append(transfer)
      return true
    }
    guard isAccepted else {
      return transfer.finish(.failure(HTTPFailure(kind: .other, detail: "the network thread does not run")))
    }
    wake()
  }

  func wake() { if let multi { curl_multi_wakeup(multi) } }

  // MARK: The thread

  private func run() {
    guard let multi else { return }
    while true {
      let (new, isStopped) = mailbox.withLock { mailbox in
        defer { mailbox.new = [] }
        return (mailbox.new, mailbox.isStopped)
      }
      waiting += new
      if isStopped { break }
      dropCancelled()
      startWaiting()
      goOnWithPaused()
      var runningCount: CInt = 0
      curl_multi_perform(multi, &runningCount)
      if collectFinished() { continue }
      // Wakes up for sockets, time-outs and `wake`; the limit is only a safeguard.
      curl_multi_poll(multi, nil, 0, 1000, nil)
    }
    let cancelled = HTTPFailure(kind: .cancelled, detail: "the network thread ended")
    for transfer in waiting { transfer.finish(.failure(cancelled)) }
    for (handle, transfer) in running {
      remove(handle)
      transfer.finish(.failure(cancelled))
    }
    for handle in idleHandles { curl_easy_cleanup(handle) }
    idleHandles = []
  }

  private func dropCancelled() {
    let failure = HTTPFailure(kind: .cancelled, detail: "the task was cancelled")
    for (handle, transfer) in running where transfer.isCancelled.load(ordering: .acquiring) {
      remove(handle)
      transfer.finish(.failure(failure))
    }
    guard waiting.contains(where: { $0.isCancelled.load(ordering: .acquiring) }) else { return }
    for transfer in waiting where transfer.isCancelled.load(ordering: .acquiring) {
      transfer.finish(.failure(failure))
    }
    waiting.removeAll { $0.isCancelled.load(ordering: .acquiring) && $0.isFinished }
  }

  private func startWaiting() {
    while running.count < maxInFlight, let transfer = waiting.popFirst() {
      guard let handle = idleHandles.popLast() ?? makeHandle() else {
        transfer.finish(.failure(HTTPFailure(kind: .other, detail: "libcurl cannot begin a request")))
        continue
      }
      var code = transfer.prepare(handle)
      if code == CURLE_OK, curl_multi_add_handle(multi, handle) != CURLM_OK { code = CURLE_FAILED_INIT }
      guard code == CURLE_OK else {
        curl_easy_cleanup(handle)
        let detail = "cannot prepare the request: \(String(cString: curl_easy_strerror(code)))"
        transfer.finish(.failure(HTTPFailure(kind: .other, detail: detail)))
        continue
      }
      running[handle] = transfer
    }
  }

  /// Has bodies come again that had to wait for room.
  private func goOnWithPaused() {
    for (handle, transfer) in running where transfer.mayGoOn {
      transfer.isPaused = false
      // What it answers shows as the end of the transfer, too.
      curl_easy_pause(handle, CURLPAUSE_CONT)
    }
  }

  /// Hands out what is done; returns whether something was.
  private func collectFinished() -> Bool {
    var isAny = false
    var left: CInt = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
      // The message is gone once the handle is removed.
      let code = message.pointee.data.result
      isAny = true
      guard let transfer = running[handle] else { continue }
      let result = transfer.result(code)
      remove(handle)
      transfer.finish(result)
    }
    return isAny
  }

  /// A handle with all options that are the same for every request.
  private func makeHandle() -> UnsafeMutableRawPointer? {
    guard let handle = curl_easy_init() else { return nil }
    var codes = [
      shim_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https"),
      shim_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS)),
      shim_set_long(handle, CURLOPT_NOSIGNAL, 1),
      // Keys with `..` are the server's to judge.
      shim_set_long(handle, CURLOPT_PATH_AS_IS, 1),
      shim_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1),
      shim_set_callback(handle, CURLOPT_HEADERFUNCTION, CurlTransfer.headerCallback),
      shim_set_callback(handle, CURLOPT_WRITEFUNCTION, CurlTransfer.bodyCallback),
    ]
    if let authorities { codes.append(shim_set_text(handle, CURLOPT_CAINFO, authorities)) }
    if codes.allSatisfy({ $0 == CURLE_OK }) { return handle }
    curl_easy_cleanup(handle)
    return nil
  }

  private func remove(_ handle: UnsafeMutableRawPointer) {
    running[handle] = nil
    curl_multi_remove_handle(multi, handle)
    // What they point at goes with the transfer; the copy of a body that was sent goes at once.
    _ = shim_set_pointer(handle, CURLOPT_POSTFIELDS, nil)
    _ = shim_set_pointer(handle, CURLOPT_HTTPHEADER, nil)
    _ = shim_set_pointer(handle, CURLOPT_ERRORBUFFER, nil)
    _ = shim_set_pointer(handle, CURLOPT_HEADERDATA, nil)
    _ = shim_set_pointer(handle, CURLOPT_WRITEDATA, nil)
    if idleHandles.count < maxInFlight { idleHandles.append(handle) } else { curl_easy_cleanup(handle) }
  }
}

/// A request under way. Made by a task, then used by the thread alone, but for `isCancelled`.
private final class CurlTransfer: @unchecked Sendable {
  let isCancelled = Atomic(false)
  var continuation: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>?
  private(set) var isFinished = false
  /// Bytes wait in libcurl until the sink has room.
  var isPaused = false
  var mayGoOn: Bool { isPaused && request.sink?.isReady ?? true }

  private let request: HTTPRequest
  private var status = 0
  private var isHTTP2 = false
  private var headers = HTTPHeaders()
  private var body: [UInt8] = []
  /// How many bytes of the body came so far, whether they are kept or not.
  private var receivedCount: UInt64 = 0
  private var isCutFromWhole = false
  private var isSinkBegun = false
  private var failure: HTTPFailure?
  private var headerList: UnsafeMutablePointer<curl_slist>?
  private let errorText: UnsafeMutablePointer<CChar>

  /// The most bytes of an answer that says an error.
  private static let errorBodyLimit = 64 << 10

  init(_ request: HTTPRequest) {
    self.request = request
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  deinit {
    curl_slist_free_all(headerList)
    errorText.deallocate()
  }

  func finish(_ result: Result<HTTPResponse, HTTPFailure>) {
    isFinished = true
    continuation?.resume(returning: result)
    continuation = nil
  }

  // MARK: The request

  /// Sets what differs between requests. The handle must not outlive this object, which its callbacks use.
  func prepare(_ handle: UnsafeMutableRawPointer) -> CURLcode {
    let timeouts = request.timeouts
    // The loop holds the transfer as long as the handle runs.
    let me = Unmanaged.passUnretained(self).toOpaque()
    var check = FirstFailure()
    check(shim_set_text(handle, CURLOPT_URL, request.url))
    // Without it the variables count.
    check(shim_set_text(handle, CURLOPT_NOPROXY, request.bypassesProxy ? "*" : nil))
    check(shim_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, timeouts.connect.wholeMilliseconds))
    check(shim_set_long(handle, CURLOPT_TIMEOUT_MS, timeouts.total.wholeMilliseconds))
    check(shim_set_long(handle, CURLOPT_LOW_SPEED_TIME, max(1, timeouts.stall.wholeMilliseconds / 1000)))
    // For large answers: a call of the system for each 16 KiB, as is the default, costs more than the copying.
    let isLarge = request.bodyLimit >= 1 << 20 || request.sink != nil
    check(shim_set_long(handle, CURLOPT_BUFFERSIZE, isLarge ? 256 << 10 : 16 << 10))
    check(shim_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText))
    check(shim_set_pointer(handle, CURLOPT_HEADERDATA, me))
    check(shim_set_pointer(handle, CURLOPT_WRITEDATA, me))
    prepareMethod(handle, &check)
    prepareHeaders(handle, &check)
    return check.code
  }

  private struct FirstFailure {
    private(set) var code = CURLE_OK

    mutating func callAsFunction(_ next: CURLcode) { if code == CURLE_OK { code = next } }
  }

  private func prepareMethod(_ handle: UnsafeMutableRawPointer, _ check: inout FirstFailure) {
    // Undoes what the request before has set.
    check(shim_set_long(handle, CURLOPT_HTTPGET, 1))
    check(shim_set_text(handle, CURLOPT_CUSTOMREQUEST, nil))
    switch request.method {
    case .get: break
    case .head: check(shim_set_long(handle, CURLOPT_NOBODY, 1))
    case .delete: check(shim_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue))
    case .put, .post:
      check(shim_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)))
      request.body.withUnsafeBytes { bytes in
        // Of an empty array there is no address; without one libcurl would ask for the body.
        if let start = bytes.baseAddress {
          check(shim_set_const_pointer(handle, CURLOPT_COPYPOSTFIELDS, start))
        } else {
          check(shim_set_text(handle, CURLOPT_COPYPOSTFIELDS, ""))
        }
      }
      check(shim_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue))
    }
  }

  private func prepareHeaders(_ handle: UnsafeMutableRawPointer, _ check: inout FirstFailure) {
    for header in request.headers { addHeader("\(header.name): \(header.value)", &check) }
    // No `Expect: 100-continue`, which costs a round trip and which some servers never answer.
    addHeader("Expect:", &check)
    addHeader("Accept:", &check)
    if !request.headers.contains(where: { $0.name == "content-type" }) { addHeader("Content-Type:", &check) }
    check(shim_set_pointer(handle, CURLOPT_HTTPHEADER, headerList))
  }

  private func addHeader(_ line: String, _ check: inout FirstFailure) {
    if let list = curl_slist_append(headerList, line) {
      headerList = list
    } else {
      check(CURLE_OUT_OF_MEMORY)
    }
  }

  static let headerCallback: shim_data_callback = { bytes, size, count, context in
    CurlTransfer.from(context)?.receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
  }

  static let bodyCallback: shim_data_callback = { bytes, size, count, context in
    CurlTransfer.from(context)?.receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
    context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: The answer

  /// Takes one line. Returns how many bytes it took; any other number than given ends the transfer.
  private func receiveHeader(_ line: UnsafeRawBufferPointer) -> Int {
    if line.starts(with: "HTTP/".utf8) {
      // Another answer begins, for example behind a `100 Continue`.
      let words = line.split(separator: 0x20, maxSplits: 2)
      status = words.dropFirst().first.flatMap { Int(String(decoding: $0.prefix(3), as: UTF8.self)) } ?? 0
      isHTTP2 = words.first?.elementsEqual("HTTP/2".utf8) ?? false
      headers = HTTPHeaders()
      body = []
      isSinkBegun = false
    } else if !headers.add(line: line) {
      failure = HTTPFailure(kind: .other, detail: "the headers of the answer are too long")
      return 0
    }
    return line.count
  }

  private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
    if let sink = request.sink, (200..<300).contains(status) { return pass(bytes, to: sink) }
    var kept = bytes[...]
    if status == 200, let range = request.range, headers["content-range"] == nil {
      isCutFromWhole = true
      // Skips what lies before the range, and leaves as soon as its end is there.
      let (first, overflow) = range.lowerBound.subtractingReportingOverflow(receivedCount)
      kept = kept.dropFirst(overflow ? 0 : Int(clamping: first))
      let missing = range.upperBound - range.lowerBound - UInt64(body.count)
      kept = kept.prefix(Int(clamping: missing))
    }
    let limit = (200..<300).contains(status) ? request.bodyLimit : Self.errorBodyLimit
    guard kept.count <= max(0, limit - body.count) else {
      failure = HTTPFailure(kind: .tooLarge, detail: "more than \(limit) bytes")
      return 0
    }
    if body.isEmpty, let announced = headers["content-length"].flatMap({ Int($0) }) {
      body.reserveCapacity(min(announced, limit))
    }
    body.append(contentsOf: kept)
    receivedCount += UInt64(bytes.count)
    if isCutFromWhole, hasWholeRange { return 0 }
    return bytes.count
  }

  private func pass(_ bytes: UnsafeRawBufferPointer, to sink: any HTTPBodySink) -> Int {
    do throws(HTTPFailure) {
      if !isSinkBegun { try sink.begin(status: status, headers) }
      isSinkBegun = true
      if try sink.take(bytes) { return bytes.count }
      isPaused = true
      return Int(CURL_WRITEFUNC_PAUSE)
    } catch {
      failure = error
      return 0
    }
  }

  private var hasWholeRange: Bool {
    request.range.map { UInt64(body.count) == $0.upperBound - $0.lowerBound } ?? false
  }

  func result(_ code: CURLcode) -> Result<HTTPResponse, HTTPFailure> {
    if let failure { return .failure(failure) }
    let isLeftEarly = code == CURLE_WRITE_ERROR && isCutFromWhole && hasWholeRange
    guard code == CURLE_OK || isLeftEarly else {
      let text =
        errorText.pointee == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
      return .failure(HTTPFailure(kind: HTTPFailure.Kind(code), detail: text))
    }
    return .success(
      HTTPResponse(
        status: status,
        headers: headers,
        body: body,
        isCutFromWhole: isCutFromWhole,
        isHTTP2: isHTTP2
      )
    )
  }
}

extension HTTPFailure.Kind {
  fileprivate init(_ code: CURLcode) {
    switch code {
    case CURLE_OPERATION_TIMEDOUT: self = .timedOut
    case CURLE_PARTIAL_FILE: self = .short
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_RECV_ERROR,
      CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_SSL_CONNECT_ERROR,
      CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
      // An answer that is no HTTP counts as an unsupported protocol. Addresses have no other than http and https.
      self = .connection
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR: self = .untrusted
    default: self = .other
    }
  }
}

extension Duration {
  var wholeMilliseconds: Int {
    Int(clamping: components.seconds.multipliedReportingOverflow(by: 1000).partialValue)
      + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
