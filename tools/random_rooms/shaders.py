"""The programs of the renderer: one fills buffers of surfaces, one lights them."""

from __future__ import annotations

LIGHTS = 4  # the first SHADOWS of them throw shadows
SHADOWS = 3

SURFACE_VERTEX = """
#version 330
uniform mat4 to_clip;
uniform vec4 to_depth;
in vec3 point; in vec3 normal;
in vec4 row_x; in vec4 row_y; in vec4 row_z;
in vec4 colour_a; in vec4 colour_b; in vec4 colour_c; in vec4 texture_of;
out vec3 local; out vec3 side; out vec3 size; out vec3 world_normal; out float depth;
flat out vec4 a; flat out vec4 b; flat out vec4 c; flat out vec4 tex;
flat out int number;
void main() {
    vec4 p = vec4(point, 1.0);
    vec3 world = vec3(dot(row_x, p), dot(row_y, p), dot(row_z, p));
    vec3 cx = vec3(row_x.x, row_y.x, row_z.x);
    vec3 cy = vec3(row_x.y, row_y.y, row_z.y);
    vec3 cz = vec3(row_x.z, row_y.z, row_z.z);
    size = vec3(length(cx), length(cy), length(cz));
    local = point; side = normal;
    world_normal = cx * (normal.x / dot(cx, cx)) + cy * (normal.y / dot(cy, cy))
        + cz * (normal.z / dot(cz, cz));
    a = colour_a; b = colour_b; c = colour_c; tex = texture_of;
    number = gl_InstanceID;
    depth = dot(to_depth, vec4(world, 1.0));
    gl_Position = to_clip * vec4(world, 1.0);
}
"""

SURFACE_FRAGMENT = """
#version 330
uniform sampler2DArray bank;
in vec3 local; in vec3 side; in vec3 size; in vec3 world_normal; in float depth;
flat in vec4 a; flat in vec4 b; flat in vec4 c; flat in vec4 tex;
layout(location=0) out vec4 albedo;
layout(location=1) out vec4 facing;
layout(location=2) out float distance;
void main() {
    vec3 q = local * size;
    vec3 n = abs(side);
    vec3 at = size;
    vec2 uv; vec2 extent;
    int axis = n.z >= max(n.x, n.y) ? 2 : (n.y >= n.x ? 1 : 0);
    if (axis == 2) { uv = q.xy; extent = at.xy; }
    else if (axis == 1) { uv = q.xz; extent = at.xz; }
    else { uv = q.yz; extent = at.yz; }
    vec3 colour;
    int mode = int(tex.y);
    if (mode == 0) {
        if (extent.y > extent.x) uv = uv.yx;
        vec3 m = texture(bank, vec3(uv / tex.z + tex.w * vec2(17.3, 5.7), tex.x)).rgb;
        colour = mix(mix(a.rgb, b.rgb, m.r), c.rgb, m.g) * (m.b * 2.0);
    } else {
        vec2 whole = mode == 1 ? vec2(0.5 - local.x, 0.5 - local.z) : local.xy + 0.5;
        if (mode == 1 && local.y < 0.0) whole.x = 1.0 - whole.x;
        vec3 seen = texture(bank, vec3(clamp(whole, 0.004, 0.996), tex.x)).rgb;
        colour = (mode == 1 ? axis == 1 : axis == 2) ? pow(seen, vec3(2.2)) * a.rgb : b.rgb;
    }
    albedo = vec4(colour, a.a);
    facing = vec4(normalize(world_normal), b.a);
    distance = depth;
}
"""

DEPTH_FRAGMENT = """
#version 330
in float depth;
flat in int number;
uniform int first;
layout(location=0) out vec2 distance;
void main() { distance = vec2(depth, float(first + number)); }
"""

SHADOW_FRAGMENT = """
#version 330
void main() {}
"""

SHADE_VERTEX = """
#version 330
in vec2 corner;
void main() { gl_Position = vec4(corner, 0.0, 1.0); }
"""

SHADE_FRAGMENT = f"""
#version 330
const int LIGHTS = {LIGHTS};
const int SHADOWS = {SHADOWS};
uniform sampler2D albedo; uniform sampler2D facing; uniform sampler2D distance;
uniform sampler2DShadow shadow0; uniform sampler2DShadow shadow1; uniform sampler2DShadow shadow2;
uniform vec4 camera;  // fx, fy, cx + 0.5, cy + 0.5
uniform mat3 axes; uniform vec3 eye;
uniform vec4 lamp[LIGHTS]; uniform vec3 light[LIGHTS]; uniform vec3 beam[LIGHTS];
uniform mat4 shadow_of[SHADOWS];
uniform vec3 above; uniform vec3 below;
uniform float occlusion;
uniform int lit_by;
out vec4 seen;

vec3 ray(vec2 pixel) {{ return vec3((pixel - camera.zw) / camera.xy, 1.0); }}

float lit(sampler2DShadow map, vec4 p, float spread, mat2 turn) {{
    if (p.w < 0.01) return 1.0;
    vec3 q = p.xyz / p.w * 0.5 + 0.5;
    if (q.x < 0.01 || q.y < 0.01 || q.x > 0.99 || q.y > 0.99) return 1.0;
    float sum = 0.0;
    sum += texture(map, vec3(q.xy + turn * vec2(0.9, 0.2) * spread, q.z));
    sum += texture(map, vec3(q.xy + turn * vec2(-0.3, 0.8) * spread, q.z));
    sum += texture(map, vec3(q.xy + turn * vec2(-0.7, -0.5) * spread, q.z));
    sum += texture(map, vec3(q.xy + turn * vec2(0.25, -0.35) * spread, q.z));
    return sum * 0.25;
}}

void main() {{
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec4 surface = texelFetch(albedo, at, 0);
    vec4 front = texelFetch(facing, at, 0);
    float z = texelFetch(distance, at, 0).r;
    vec3 direction = axes * ray(gl_FragCoord.xy);
    vec3 p = eye + direction * z;
    vec3 view = normalize(direction);
    vec3 n = front.xyz;
    if (dot(n, view) > 0.0) n = -n;
    float jitter = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
    float ca = cos(jitter * 6.2832), sa = sin(jitter * 6.2832);
    mat2 turn = mat2(ca, sa, -sa, ca);
    float hidden = 0.0;
    float reach = clamp(0.35 * camera.x / z, 6.0, 90.0);
    for (int k = 0; k < 4; ++k) {{
        float r = (float(k) + 0.3 + 0.7 * jitter) / 4.0;
        float w = float(k) * 2.4;
        ivec2 there = at + ivec2(turn * vec2(cos(w), sin(w)) * reach * r);
        there = clamp(there, ivec2(0), textureSize(distance, 0) - 1);
        vec3 q = eye + axes * ray(vec2(there) + 0.5) * texelFetch(distance, there, 0).r - p;
        float far = length(q) + 1e-4;
        hidden += max(0.0, dot(q, n) / far - 0.08) * clamp(1.4 - far / 0.5, 0.0, 1.0);
    }}
    float open = clamp(1.0 - occlusion * hidden / 4.0, 0.0, 1.0);
    vec3 sum = mix(below, above, n.z * 0.5 + 0.5) * open;
    vec3 shine = vec3(0.0);
    for (int k = 0; k < lit_by; ++k) {{
        vec3 way = lamp[k].xyz - p;
        float far2 = dot(way, way);
        way *= inversesqrt(far2);
        float cosine = max(dot(n, way), 0.0);
        float cone = clamp(0.35 + 0.65 * dot(-way, beam[k]), 0.0, 1.0);
        vec3 power = light[k] * cone / (far2 + lamp[k].w);
        float clear = 1.0;
        if (k < SHADOWS && cosine > 0.0) {{
            vec4 there = shadow_of[k] * vec4(p + n * 0.012, 1.0);
            if (k == 0) clear = lit(shadow0, there, 0.008, turn);
            else if (k == 1) clear = lit(shadow1, there, 0.014, turn);
            else clear = lit(shadow2, there, 0.010, turn);
        }}
        sum += power * cosine * clear;
        if (surface.a > 0.02) {{
            float spark = pow(max(dot(n, normalize(way - view)), 0.0), 40.0);
            shine += power * spark * clear * surface.a * 2.0;
        }}
    }}
    seen = vec4(surface.rgb * (sum * mix(1.0, open, 0.4) + front.w) + shine, 1.0);
}}
"""
