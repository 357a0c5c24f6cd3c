import IndexFormat

/// Where an index is, as users write it.
enum IndexPlace: Sendable, Equatable {
  case file(String)
  case key(ForensicOptions, String)
  /// Of a timeline; nil for the one that a page server would choose.
  case generation(ForensicOptions, Generation?)

  static let discussion =
    "INDEX is a file on this machine (without --bucket), the key of an object, or a generation of the "
    + "timeline's index: "
    + "up to eight hex digits, or none."

  init(_ text: String?, _ arguments: ParsedArguments, _ environment: Environment) throws(UsageError) {
    if let text, !arguments.has("bucket"), LayerTarget.isFile(text) {
      self = .file(text)
      return
    }
    let options: ForensicOptions
    do throws(UsageError) {
      options = try ForensicOptions(arguments, environment: environment)
    } catch {
      guard let text, error.message == "no bucket is given" else { throw error }
      throw UsageError("there is no file \"\(text)\", and no bucket is given", hint: error.hint)
    }
    guard let text else {
      self = .generation(options, nil)
      return
    }
    if text.contains("/") {
      self = .key(options, text)
    } else if let generation = Generation(argument: text) {
      self = .generation(options, generation)
    } else {
      throw UsageError(
        option: "INDEX",
        given: text,
        allowed: "a file, the key of an object, or a generation (up to eight hex digits, or none)"
      )
    }
  }

  func open(_ environment: Environment) async throws(ScanFailure) -> IndexTarget {
    switch self {
    case .file(let path): try await IndexTarget.file(path)
    case .key(let options, let key):
      try await IndexTarget.object(key, in: try await options.openBucket(environment))
    case .generation(let options, let generation):
      try await IndexTarget.generation(
        generation,
        of: options.timeline,
        in: try await options.openTenant(environment)
      )
    }
  }
}
