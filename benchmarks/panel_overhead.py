"""How much time does the panel add to a training? Aim: within 5 %.

`TuningPanel.train()` and `wait()` against `for step in training: pass`, a few seconds
each, taking turns, on one thread, in a real Jupyter kernel: every widget message is
built, serialized and sent to a client, which reads and drops it. What a browser does
with the messages is not included. The report is the median of the paired ratios, of the
wall clock and of the CPU time of all the kernel's threads, which other programs on the
machine disturb less.
"""

import random
import statistics
import sys
import time
from pathlib import Path

PAIRS = 20  # turns of each


def measure():
    """Print the table; this part runs in the kernel."""
    import torch
    from machine import machine
    from training_overhead import house_prices, mlp

    torch.set_num_threads(1)
    print(machine(), end="\n\n")
    print("| model | seconds a run | with the panel | overhead | overhead, CPU time |")
    print("|---|---|---|---|---|")
    measure_one("linear, 1,382 x 3, batch 32", 6000, house_prices)
    measure_one("MLP 784-128-10, batch 64", 2000, mlp)


def measure_one(name, steps, make):
    """Print one row of the table."""
    import torch
    from training_overhead import targets_of

    from bigmodel_lab import Training, TuningPanel

    torch.manual_seed(0)
    model, loss, X, batch_size = make()
    y = targets_of(model, X)
    epochs = steps * batch_size // len(X)

    def make_training(learning_rate):
        optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
        return Training(
            model, loss, optimizer, (X, y), epochs=epochs, batch_size=batch_size
        )

    panel = TuningPanel(make_training, learning_rate=1e-3)

    def with_panel():
        panel.train()
        panel.wait()

    def bare():
        for _ in make_training(1e-3):
            pass

    seconds, cpu_seconds = {with_panel: [], bare: []}, {with_panel: [], bare: []}
    for _ in range(PAIRS):
        for turn in random.sample(list(seconds), 2):
            panel.reset()
            start, cpu_start = time.perf_counter(), time.process_time()
            turn()
            seconds[turn].append(time.perf_counter() - start)
            cpu_seconds[turn].append(time.process_time() - cpu_start)
    cells = [f"{statistics.median(seconds[turn]):.2f}" for turn in (bare, with_panel)]
    for clock in (seconds, cpu_seconds):
        pairs = zip(clock[with_panel], clock[bare], strict=True)
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        cells.append(f"{ratio - 1:+.1%}")
    print(f"| {name} | " + " | ".join(cells) + " |")


def main():
    """Run `measure` in a kernel and print what it prints."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel()
    sent = 0

    def read(message):
        nonlocal sent
        sent += message["header"]["msg_type"].startswith("comm_")
        if message["header"]["msg_type"] == "stream":
            print(message["content"]["text"], end="", flush=True)

    here = str(Path(__file__).parent)
    code = f"import sys; sys.path.append({here!r})\nimport panel_overhead as p\n"
    try:
        reply = client.execute_interactive(code + "p.measure()", output_hook=read)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    if reply["content"]["status"] == "error":
        sys.exit("\n".join(reply["content"]["traceback"]))
    print(f"\n{sent} widget messages were sent.")


if __name__ == "__main__":
    main()
