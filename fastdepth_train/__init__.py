"""Training of depth networks and their export: the room that knows torch."""

import os

# Read by torch's thread pool when torch is first imported. Its threads wait for each other many
# times a step; spinning meanwhile makes a step many times slower wherever the processor is shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
