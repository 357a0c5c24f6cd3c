/// The program that a profile names as `credential_process`.
struct CredentialProcess {
  /// The command line, secret arguments and all; errors never repeat it.
  var command: String
  var profile: String
  var now: @Sendable () -> Timestamp
  var timeout = Duration.seconds(60)

  static let outputLimit = 64 << 10

  func fetch() async throws(S3ConfigurationError) -> S3Credentials {
    let source = "credential_process of profile \(profile)"
    guard let words = ShellWords.split(command) else {
      throw S3ConfigurationError(message: "\(source): a quote is not closed")
    }
    guard let program = words.first, !program.isEmpty else {
      throw S3ConfigurationError(message: "\(source): it names no program")
    }
    let result: ChildProcess.Result
    do throws(ChildProcess.Failure) {
      result = try await ChildProcess.run(words, outputLimit: Self.outputLimit, timeout: timeout)
    } catch {
      throw S3ConfigurationError(message: "\(source): \(text(error))")
    }
    guard result.ending == .exited(0) else {
      var message = "\(source): the program "
      switch result.ending {
      case .exited(let status): message += "ended with \(status)"
      case .killed(let signal): message += "was ended by signal \(signal)"
      }
      let said = SafeText.lineWithoutKeys(String(decoding: result.errorOutput, as: UTF8.self))
      throw S3ConfigurationError(message: said.isEmpty ? message : "\(message) and said: \(said)")
    }
    let answer = ServiceCredentials(source: source, tokenName: "SessionToken", versionNeeded: 1)
    let found = try answer.parse(result.output)
    if let expires = found.expires, expires <= now() {
      throw S3ConfigurationError(message: "\(source): the program gave what expired at \(expires.rfc3339)")
    }
    return found
  }

  private func text(_ failure: ChildProcess.Failure) -> String {
    switch failure {
    case .system(let error): "\(error)"
    case .timedOut: "the program did not end within \(timeout.components.seconds) s"
    case .tooMuchOutput: "the program wrote more than \(Self.outputLimit) bytes"
    }
  }
}
