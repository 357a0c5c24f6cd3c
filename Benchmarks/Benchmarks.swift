import Foundation
import IndexFormat

/// Measures Scrubber against yardsticks, both in the same run: what counts is the ratio, not the machine.
///
///     Benchmarks index-parsing --python PYTHON FILE...     IndexPart against Python's orjson
///     Benchmarks scan-folder --scrubber PROGRAM DIR        scan-metadata against find
///     Benchmarks scan-s3 --scrubber PROGRAM --rclone PROGRAM BUCKET    scan-metadata against rclone
///     Benchmarks safekeeper --scrubber PROGRAM CONN TABLE DIR   the same of safekeepers against psql and find
///     Benchmarks snapshot --scrubber PROGRAM --s5cmd PROGRAM BUCKET TENANT DIR
///                                                          tenant-snapshot against s5cmd cp of the same objects
///     Benchmarks blobs DIR                                 values of image layers against zstd -t
///     Benchmarks reads DIR                                 all keys of all timelines of a bucket, and memory
///     Benchmarks layer-map FILE                            searching a layer map against a look at each layer
///     Benchmarks wal-decode --pg-waldump PROGRAM DIR       records of WAL segments against pg_waldump --stats=record
///     Benchmarks redo FILE...                              pages from records, of requests to a WAL-redo process
///     Benchmarks recovery PROGRAMS DIR [TRANSACTIONS]      the WAL of pgbench against PostgreSQL's recovery
///     Benchmarks ingest --pg-waldump PROGRAM BASE.tar DIR [stock]
///                                                          WAL segments into delta layers against the same
///     Benchmarks verify --scrubber PROGRAM PROGRAMS DIR [TRANSACTIONS]
///                                                          verify against PostgreSQL's recovery and pg_amcheck
///     Benchmarks make-timeline BUCKET BASE.tar DIR [stock] a timeline of a base backup and the WAL behind it
///     Benchmarks make-wal DIR ROWS [TIMELINES]             WAL of that many timelines, and rows for the table
///     Benchmarks make-bucket DIR [TENANTS TIMELINES LAYERS [BYTES]]
///
/// `make bench` prepares what is needed and runs all of them.
@main
struct Benchmarks {
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      switch arguments.first {
      case "index-parsing": try IndexParsingBenchmark(arguments.dropFirst()).run()
      case "scan-folder": try ScanFolderBenchmark(arguments.dropFirst()).run()
      case "scan-s3": try ScanS3Benchmark(arguments.dropFirst()).run()
      case "safekeeper": try SafekeeperBenchmark(arguments.dropFirst()).run()
      case "snapshot": try SnapshotBenchmark(arguments.dropFirst()).run()
      case "blobs": try await BlobsBenchmark(arguments.dropFirst()).run()
      case "reads": try await ReadsBenchmark(arguments.dropFirst()).run()
      case "layer-map": try LayerMapBenchmark(arguments.dropFirst()).run()
      case "wal-decode": try WALDecodeBenchmark(arguments.dropFirst()).run()
      case "wal-statistics" where arguments.count == 3:
        try WALSegments(arguments[1]).printStatistics(upTo: Lsn(arguments[2]) ?? Lsn(.max))
      case "redo-pace" where arguments.count == 2: try await RedoBenchmark.printPace(of: arguments[1])
      case "redo": try await RedoBenchmark(arguments.dropFirst()).run()
      case "recovery": try RecoveryBenchmark(arguments.dropFirst()).run()
      case "ingest": try IngestBenchmark(arguments.dropFirst()).run()
      case "ingest-layers" where arguments.count == 4:
        try await IngestedTimeline(arguments[1]).ingest(arguments[2], upTo: Lsn(arguments[3]))
      case "verify": try VerifyBenchmark(arguments.dropFirst()).run()
      case "make-timeline" where (4...5).contains(arguments.count):
        let isStock = arguments.count == 5
        let (end, layers) = try await IngestedTimeline.makeBucket(
          arguments[1],
          arguments[2],
          arguments[3],
          isStock: isStock
        )
        print("\(layers.count) layers, \(layers.reduce(0) { $0 + $1.fileSize }) bytes, up to \(end)")
      case "make-wal": try BenchmarkWAL(arguments.dropFirst()).make()
      case "make-bucket": try BenchmarkBucket(arguments.dropFirst()).make()
      default:
        throw BenchmarkError(
          "usage: Benchmarks index-parsing|scan-folder|scan-s3|safekeeper|snapshot|blobs|reads|layer-map|"
            + "wal-decode|redo|recovery|ingest|verify|make-timeline|make-wal|make-bucket …"
        )
      }
    } catch {
      FileHandle.standardError.write(Data("Benchmarks: \(error)\n".utf8))
      exit(1)
    }
  }
}

struct BenchmarkError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// Figures of several runs.
struct Figures {
  var seconds: [Double]

  var median: Double { seconds.sorted()[seconds.count / 2] }
  var best: Double { seconds.min() ?? .nan }
}

extension Double {
  /// With two digits behind the point.
  var short: String { "\((self * 100).rounded() / 100)" }
}
