import Foundation
import Synchronization
import Testing

@testable import Scrubber

/// A server that speaks S3, run as a child process on the loopback interface, killed when the tests end.
///
/// | | moto | SeaweedFS |
/// |---|---|---|
/// | checks signatures | no, as started here | yes, strictly |
/// | sorts by bytes | yes | no |
/// | cannot hold | newlines | `\`, long names |
/// | takes parts of an upload | of 1 KiB, as started here | of 5 MiB |
final class RealS3Server: Sendable {
  enum Kind: String, Sendable, CaseIterable {
    case moto = "moto_server"
    case seaweedFS = "weed"
  }

  static let credentials = S3Credentials(
    accessKey: "testkey1",
    secretKey: "testsecret1/+x",
    sessionToken: nil
  )
  static let programs = BucketFixture.folder.deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: ".venv/bin")
  private static let children = Mutex<[pid_t]>([])
  private static let folders = Mutex<[URL]>([])
  /// Has a child killed when the tests end.
  static func killAtExit(_ child: pid_t) {
    _ = killsAtExit
    children.withLock { $0.append(child) }
  }

  private static let killsAtExit: Void = {
    atexit {
      RealS3Server.children.withLock { for child in $0 { kill(-child, SIGKILL) } }
      // What cannot be removed lies in the folder for temporary files.
      RealS3Server.folders.withLock { for folder in $0 { try? FileManager.default.removeItem(at: folder) } }
    }
  }()

  let endpoint: String
  let port: UInt16
  /// The same bucket by TLS: SeaweedFS only, by the name `localhost` only.
  let secureEndpoint: String
  /// The certificate of that, which nobody has signed but itself.
  let certificate: URL?

  /// Whether `tools/setup` has put the servers there.
  static var areInstalled: Bool {
    Kind.allCases.allSatisfy {
      FileManager.default.isExecutableFile(atPath: programs.appending(path: $0.rawValue).path)
    }
  }

  private static let moto = Task { try await start(.moto) }
  private static let seaweedFS = Task { try await start(.seaweedFS) }

  /// Between looking for free ports and taking them somebody else may have taken one: then others are tried.
  private static func start(_ kind: Kind) async throws -> RealS3Server {
    for _ in 0..<4 {
      // The reason of the last try is the one that is told.
      if let server = try? await RealS3Server(kind) { return server }
    }
    return try await RealS3Server(kind)
  }

  /// The one of this kind; started when it is asked for first.
  static func running(_ kind: Kind) async throws -> RealS3Server {
    switch kind {
    case .moto: try await moto.value
    case .seaweedFS: try await seaweedFS.value
    }
  }

  private init(_ kind: Kind) async throws {
    _ = Self.killsAtExit
    let ports = try (0..<5).map { _ in try Self.freePort() }
    endpoint = "http://127.0.0.1:\(ports[0])"
    port = UInt16(ports[0])
    secureEndpoint = "https://localhost:\(ports[4])"
    let folder = FileManager.default.temporaryDirectory.appending(path: "scrubber-s3-\(UUID().uuidString)")
    Self.folders.withLock { $0.append(folder) }
    try FileManager.default.createDirectory(
      at: folder.appending(path: "data"),
      withIntermediateDirectories: true
    )
    certificate = kind == .seaweedFS ? try Self.makeCertificate(folder) : nil
    let process = Process()
    process.executableURL = Self.programs.appending(path: kind.rawValue)
    process.arguments = try Self.arguments(kind, ports, folder)
    // moto would refuse parts below 5 MiB too.
    process.environment = ProcessInfo.processInfo.environment.merging(["S3_UPLOAD_PART_MIN_SIZE": "1024"]) {
      $1
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    Self.children.withLock { $0.append(process.processIdentifier) }
    // The first bucket that can be made shows that it is ready.
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
      do {
        _ = try await makeBucket()
        return
      } catch {
        guard ContinuousClock.now < deadline, process.isRunning else { throw error }
        try await Task.sleep(for: .milliseconds(200))
      }
    }
  }

  /// A certificate for `localhost` and its key, in `cert.pem` and `key.pem`.
  private static func makeCertificate(_ folder: URL) throws -> URL {
    let openssl = Process()
    openssl.executableURL = URL(filePath: "/usr/bin/openssl")
    openssl.arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
      "-subj", "/CN=scrubber tests", "-addext", "subjectAltName=DNS:localhost",
      "-keyout", "\(folder.path)/key.pem", "-out", "\(folder.path)/cert.pem",
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    guard openssl.terminationStatus == 0 else { throw POSIXError(.EINVAL) }
    return folder.appending(path: "cert.pem")
  }

  private static func arguments(_ kind: Kind, _ ports: [Int], _ folder: URL) throws -> [String] {
    switch kind {
    case .moto: return ["-H", "127.0.0.1", "-p", "\(ports[0])"]
    case .seaweedFS:
      let identity = """
        {"identities":[{"name":"a","credentials":[{"accessKey":"\(credentials.accessKey)",\
        "secretKey":"\(credentials.secretKey)"}],"actions":["Admin","Read","List","Tagging","Write"]}]}
        """
      try Data(identity.utf8).write(to: folder.appending(path: "s3.json"))
      return [
        "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-dir=\(folder.path)/data",
        "-master.port=\(ports[1])",
        "-volume.port=\(ports[2])", "-filer", "-filer.port=\(ports[3])", "-s3", "-s3.port=\(ports[0])",
        "-s3.config=\(folder.path)/s3.json", "-master.volumeSizeLimitMB=64", "-volume.max=2000",
        "-s3.port.https=\(ports[4])", "-s3.cert.file=\(folder.path)/cert.pem",
        "-s3.key.file=\(folder.path)/key.pem", "-master.telemetry=false",
        // These would take ports of their own, the same for every server on the machine.
        "-s3.port.iceberg=0", "-s3.port.lance=0",
      ]
    }
  }

  /// A port that is free, and so is the one 10,000 above, which SeaweedFS takes too.
  static func freePort() throws -> Int {
    for _ in 0..<100 {
      let port = Int.random(in: 21_000..<30_000)
      if isFree(port), isFree(port + 10_000) { return port }
    }
    throw POSIXError(.EADDRINUSE)
  }

  private static func isFree(_ port: Int) -> Bool {
    let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(file) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(file, $0, size) == 0 }
    }
  }

  // MARK: Buckets

  func environment(_ credentials: S3Credentials = RealS3Server.credentials) -> [String: String] {
    [
      "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": credentials.accessKey,
      "AWS_SECRET_ACCESS_KEY": credentials.secretKey, "AWS_REGION": "us-east-1", "HOME": "/nonexistent",
    ]
  }

  func store(_ bucket: String, _ credentials: S3Credentials = RealS3Server.credentials) throws
    -> S3ObjectStore
  {
    let environment = Environment(environment(credentials))
    return S3ObjectStore(S3Client(try S3Configuration(S3Address(bucket: bucket), environment: environment)))
  }

  /// A bucket of its own.
  func makeBucket(versioned: Bool = false) async throws -> S3ObjectStore {
    let store = try store("t-\(UUID().uuidString.lowercased())")
    try await store.client.send(S3Client.Call(operation: .put, method: .put, place: "", bodyLimit: 1000)) {
      _ in
    }
    if versioned {
      var call = S3Client.Call(operation: .put, method: .put, place: "", bodyLimit: 1000)
      call.query = [("versioning", "")]
      call.headers = [("content-type", "application/xml")]
      call.body = Array("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>".utf8)
      try await store.client.send(call) { _ in }
    }
    return store
  }

  /// A bucket with these objects.
  func makeBucket(_ objects: [(String, [UInt8])]) async throws -> S3ObjectStore {
    let store = try await makeBucket()
    for (key, bytes) in objects { _ = try await store.put(key, bytes: bytes) }
    return store
  }
}
