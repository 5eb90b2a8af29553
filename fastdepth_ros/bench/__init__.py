"""`fastdepth bench node`: what the node costs, how late depth is and what is lost, here.

Everything is measured from outside, on node processes as a robot runs them: the camera is a process
of its own, images and depth go over DDS, and each condition (a rate, a transport, an input, a size)
has a node of its own. The nodes take turns, and the bare network, a process as well, takes turns
with them, so all see the same machine.
"""
