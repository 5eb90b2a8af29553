# The depth node on ROS 2 Jazzy; docs/robots.md tells how to use it.
#   docker build -t fastdepth .
#   docker run --rm --network host --ipc host fastdepth ros2 launch fastdepth depth.launch.py image:=/camera/image_raw
ARG ROS_IMAGE=ros:jazzy-ros-base
# What a robot may want beside the node; build with --build-arg EXTRAS="" for the node alone.
ARG EXTRAS="ros-jazzy-depth-image-proc ros-jazzy-depthimage-to-laserscan ros-jazzy-v4l2-camera"

FROM ${ROS_IMAGE} AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /workspace/src/fastdepth
COPY package.xml setup.py setup.cfg README.md LICENSE ./
COPY resource resource
COPY fastdepth fastdepth
COPY fastdepth_ros fastdepth_ros
COPY fastdepth_train fastdepth_train
COPY launch launch
COPY config config
COPY models models
COPY samples samples
WORKDIR /workspace
RUN source /opt/ros/jazzy/setup.bash \
  && colcon build --merge-install --install-base /opt/fastdepth --packages-select fastdepth

FROM ${ROS_IMAGE}
ARG EXTRAS
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# Versions of apt packages are those of the ROS image's release, which takes fixes only.
# hadolint ignore=DL3008
RUN apt-get update \
  && read -r -a extras <<<"${EXTRAS}" \
  && apt-get install --yes --no-install-recommends \
    python3-numpy python3-opencv python3-rich python3-venv python3-yaml \
    ros-jazzy-cv-bridge ros-jazzy-diagnostic-msgs ros-jazzy-rmw-fastrtps-cpp \
    "${extras[@]}" \
  && rm -rf /var/lib/apt/lists/*

# Ubuntu's Python takes nothing from pip (PEP 668), so what has no apt package goes into a virtual
# environment that sees apt's packages and ROS. NumPy stays apt's 1.26, which cv_bridge was built
# for: neither OpenCV nor NumPy may come from pip.
COPY constraints.txt /tmp/constraints.txt
RUN python3 -m venv --system-site-packages /opt/venv \
  && grep -v -i -E '^(numpy|opencv|ros-|pyyaml|rich|typing-extensions)' /tmp/constraints.txt \
    >/tmp/pins.txt \
  && echo 'numpy<2' >>/tmp/pins.txt \
  && /opt/venv/bin/pip install --no-cache-dir --constraint /tmp/pins.txt onnxruntime rosbags \
  && rm /tmp/constraints.txt /tmp/pins.txt
COPY --from=build /opt/fastdepth /opt/fastdepth

# The user of the host that runs the other nodes: Fast DDS shares memory between equals only.
ARG UID=1000
RUN if getent passwd ubuntu >/dev/null; then userdel --remove ubuntu; fi \
  && useradd --create-home --uid "${UID}" --groups video fastdepth
USER ${UID}
WORKDIR /home/fastdepth

# lib/fastdepth/depth_node starts the python3 of the PATH: that of the environment.
ENV PATH=/opt/venv/bin:${PATH} \
  FASTDEPTH_NODE=/depth_node \
  FASTRTPS_DEFAULT_PROFILES_FILE=/opt/fastdepth/share/fastdepth/config/fastdds.xml
# Healthy is active: the node says so itself. What it publishes, and why not, is in /diagnostics.
HEALTHCHECK --interval=60s --timeout=20s --start-period=30s --retries=3 \
  CMD ["/bin/bash", "-c", "source /opt/fastdepth/setup.bash && ros2 lifecycle get --no-daemon --spin-time 3 $FASTDEPTH_NODE | grep -q '^active'"]
STOPSIGNAL SIGINT
ENTRYPOINT ["/bin/bash", "-c", "source /opt/fastdepth/setup.bash && exec \"$@\"", "--"]
CMD ["ros2", "launch", "fastdepth", "depth.launch.py"]
