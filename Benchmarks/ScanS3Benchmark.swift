/// Scans a bucket on an S3 server with `scrubber`, and lists it with `rclone`; alternately, in the same run.
///
/// Where the server is and who asks it stand in the usual variables of the environment, for rclone in those of a remote
/// `s3:`; `tools/bench` starts a server and sets them.
struct ScanS3Benchmark {
  private let scrubber: String
  private let rclone: String
  private let bucket: String

  private static let rounds = 7

  init(_ arguments: ArraySlice<String>) throws {
    let values = Array(arguments)
    guard values.count == 5, values[0] == "--scrubber", values[2] == "--rclone" else {
      throw BenchmarkError("usage: Benchmarks scan-s3 --scrubber PROGRAM --rclone PROGRAM BUCKET")
    }
    (scrubber, rclone, bucket) = (values[1], values[3], values[4])
  }

  func run() throws {
    let list = [rclone, "lsf", "-R", "--fast-list", "--format", "ps", "s3:\(bucket)"]
    let scan = [
      scrubber, "scan-metadata", "--bucket", "s3://\(bucket)", "--node-kind", "pageserver", "--json",
    ]
    let (listing, scanning) = try ProgramFigures.compare(list, scan, rounds: Self.rounds)
    print(
      """
      scan-s3 \(bucket)
        scrubber   \(scanning.wall.short) s wall, \(scanning.cpu.short) s CPU, \
      \(scanning.peakMemoryKiB / 1024) MiB peak (wanted: 100 or less)
        rclone     \(listing.wall.short) s wall, \(listing.cpu.short) s CPU
        ratio      \((scanning.wall / listing.wall).short) times rclone's wall (wanted: 0.5 or less), \
      \((scanning.cpu / listing.cpu).short) times its CPU (wanted: 0.25 or less)
      """
    )
  }
}
