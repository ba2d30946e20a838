"""From a call of `run.log` to a sink: stamp, cadence, ownership, buffers, workers."""
