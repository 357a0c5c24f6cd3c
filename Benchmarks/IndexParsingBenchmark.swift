import Foundation
import IndexFormat

/// Reads index files into `IndexPart` and, with Python's orjson, into dictionaries; alternately, in the same
/// run.
struct IndexParsingBenchmark {
  private let python: String
  private let files: [String]

  /// Runs of each side.
  private static let rounds = 15
  /// Bytes that a run reads: small files are read several times.
  private static let bytesPerRun = 20_000_000

  init(_ arguments: ArraySlice<String>) throws {
    guard arguments.count >= 3, arguments.first == "--python" else {
      throw BenchmarkError("usage: Benchmarks index-parsing --python PYTHON FILE...")
    }
    python = arguments[arguments.startIndex + 1]
    files = Array(arguments.dropFirst(2))
  }

  func run() throws {
    for file in files {
      let bytes = [UInt8](try Data(contentsOf: URL(filePath: file)))
      let repeats = max(1, Self.bytesPerRun / max(1, bytes.count))
      let yardstick = try OrjsonProcess(python: python, file: file, repeats: repeats)
      var ours = Figures(seconds: [])
      var theirs = Figures(seconds: [])
      for _ in 0..<Self.rounds {
        ours.seconds.append(try parse(bytes, repeats: repeats))
        theirs.seconds.append(try yardstick.run())
      }
      try report(file, bytes, repeats, ours, theirs)
    }
  }

  private func parse(_ bytes: [UInt8], repeats: Int) throws -> Double {
    let start = ContinuousClock.now
    for _ in 0..<repeats {
      let index = try IndexPart(parsing: bytes)
      // Looked at, so that the work cannot be left out.
      guard index.layers.count < Int.max else { throw BenchmarkError("no layers") }
    }
    return (ContinuousClock.now - start) / .seconds(1)
  }

  private func report(
    _ file: String,
    _ bytes: [UInt8],
    _ repeats: Int,
    _ ours: Figures,
    _ theirs: Figures
  ) throws {
    let megabytes = Double(bytes.count * repeats) / 1e6
    let layers = try IndexPart(parsing: bytes).layers
    let memory = layers.isEmpty ? 0 : layers.capacity * MemoryLayout<IndexLayer>.stride / layers.count
    print(
      """
      index-parsing \(URL(filePath: file).lastPathComponent): \(bytes.count) bytes, \(layers.count) layers
        IndexPart  \((megabytes / ours.median).short) MB/s, \(memory) bytes of memory a layer
        orjson     \((megabytes / theirs.median).short) MB/s
        ratio      \((theirs.median / ours.median).short) times orjson's throughput (wanted: 3 or more)
      """
    )
  }
}

/// A Python that parses a file with orjson whenever it is told to, and says how long it took.
private final class OrjsonProcess {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  private static let program = """
    import orjson, sys, time
    data = open(sys.argv[1], "rb").read()
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(sys.argv[2])):
            orjson.loads(data)
        print(time.perf_counter() - start, flush=True)
    """

  init(python: String, file: String, repeats: Int) throws {
    process.executableURL = URL(filePath: python)
    process.arguments = ["-c", Self.program, file, String(repeats)]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  /// Seconds of one run.
  func run() throws -> Double {
    try input.fileHandleForWriting.write(contentsOf: Data("go\n".utf8))
    var answer = ""
    // A line may come in pieces.
    while !answer.hasSuffix("\n") {
      let piece = output.fileHandleForReading.availableData
      if piece.isEmpty { break }
      answer += String(decoding: piece, as: UTF8.self)
    }
    guard let seconds = Double(answer.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw BenchmarkError("the Python side does not answer: is orjson installed?")
    }
    return seconds
  }

  deinit {
    // At the end of its input the program ends by itself; if its pipe is gone, it already has.
    try? input.fileHandleForWriting.close()
  }
}
