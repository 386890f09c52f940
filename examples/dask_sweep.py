"""Maps gradients over processes with Dask: the tool `wengert` runs a saved program over parts of the rows.

    cargo run --release --example saved -- --write notebook.wg
    cargo install --path crates/wengert-cli
    pip install dask
    python examples/dask_sweep.py notebook.wg

Results are the same bits as of one process: a row's numbers depend on the row alone, and the tool
writes the fewest digits that read back as a number. On a cluster a dask.distributed.Client takes the
place of the processes; with WENGERT the tool may have another path.
"""
import math, os, subprocess, sys, time
import dask

TOOL = os.environ.get("WENGERT", "wengert")
COLUMNS = sys.argv[3] if len(sys.argv) > 3 else "x[0],x[1],target[0],target[1]"
ROWS, PARTS = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000, 20


def run(rows):
    """The results of some rows, a line for each."""
    text = "\n".join([COLUMNS, *rows])
    done = subprocess.run([TOOL, "run", "--no-header", sys.argv[1]], input=text, text=True, stdout=subprocess.PIPE)
    done.check_returncode()
    return done.stdout.splitlines()


def main():
    columns = len(COLUMNS.split(","))
    rows = [",".join(repr(math.sin(0.1 * i * columns + k)) for k in range(columns)) for i in range(ROWS)]
    start = time.perf_counter()
    alone = run(rows)
    middle = time.perf_counter()
    size = -(-ROWS // PARTS)
    parts = [dask.delayed(run)(rows[i : i + size]) for i in range(0, ROWS, size)]
    together = [line for part in dask.compute(*parts, scheduler="processes") for line in part]
    end = time.perf_counter()
    print(f"{len(alone)} gradients: {middle - start:.2f} s in one process, {end - middle:.2f} s by Dask in {PARTS} parts")
    if len(alone) != ROWS or together != alone:
        sys.exit("the results differ")
    print("the same, bit for bit")


if __name__ == "__main__":
    main()
