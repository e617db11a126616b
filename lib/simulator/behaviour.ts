/** What nobody outside knows about the service. Each choice here can be turned, so that no client leans on one. */
export type Behaviour = {
  /** "cluster is busy": FailedPrecondition (9) is 400 behind a gRPC gateway, Aborted (10) is 409; a 409 with 9 exists too. */
  busy: { httpStatus: 400 | 409; code: 9 | 10 };
  /** Size 0 or size_min 0: taken, refused as invalid, or answered 2xx and not done. */
  zero: 'accept' | 'refuse' | 'ignore';
  /** A size of 0 is left out of the answer, as an unset optional integer would be. */
  leavesOutZeroSize: boolean;
  /** A PUT that changes nothing still sets the pool Scaling. */
  unchangedPutScales: boolean;
  /** The cluster's own status while one of its pools changes; undefined = it stays as it is. */
  clusterStatusWhileScaling: string | undefined;
  /** The autoscaler moves sizes by a made-up demand; else a pool sits at its minimum. */
  autoscalerMoves: boolean;
  /** Minutes from and to, before the world's speed. */
  raiseMinutes: readonly [number, number];
  lowerMinutes: readonly [number, number];
  boundsMinutes: readonly [number, number];
  upgradeMinutes: readonly [number, number];
  /** How far the Date header is from the world's clock. */
  dateSkewMs: number;
};

export function usualBehaviour(): Behaviour {
  return {
    busy: { httpStatus: 400, code: 9 },
    zero: 'accept',
    leavesOutZeroSize: false,
    unchangedPutScales: false,
    clusterStatusWhileScaling: undefined,
    autoscalerMoves: true,
    raiseMinutes: [4, 15],
    lowerMinutes: [2, 8],
    boundsMinutes: [2, 4],
    upgradeMinutes: [15, 40],
    dateSkewMs: 0,
  };
}
