/// What the workers of a probe job do; where one fails, it is worker 1.
enum ProbeBehaviour: String {
  /// All meet and end well.
  case succeed
  /// All print bytes that are no text on both outputs, and end well.
  case print
  /// Worker 1 ends before `MPI_Init`, in which the others wait.
  case exitBeforeInit = "exit-before-init"
  case killBeforeInit = "kill-before-init"
  /// Worker 1 ends between two collectives; the others wait in the second.
  case exit3 = "exit-3"
  case exit0 = "exit-0"
  case kill
  case segmentationFault = "segmentation-fault"
  case abort
  /// Worker 1 has said itself who is to blame.
  case failureIsReported = "failure-is-reported"
  /// Worker 1 ends in a collective that worker 0 has not reached.
  case killInCollective = "kill-in-collective"
  /// Worker 1 ends with an error after all have left MPI.
  case exitAfterFinalize = "exit-after-finalize"
  /// All work until they are asked to stop, and end with the status of a run that has been.
  case stopPolitely = "stop-politely"
  /// All ignore every request to stop.
  case refuseToStop = "refuse-to-stop"
}
