// Dots of one size at places on a plane, each of a colour of its own. Only draws.
// In: places [n] and colours [n] as 0xAABBGGRR, premultiplied. Each dot is one triangle around its disc: half of what
// a square costs a software adapter.

struct PointsParams {
    // A place times scale plus shift is where it lies in clip space.
    scale_x: f32,
    scale_y: f32,
    shift_x: f32,
    shift_y: f32,
    // The radius of a dot in clip space, and in pixels.
    radius_x: f32,
    radius_y: f32,
    radius_px: f32,
    // 1 where the target turns what it is given into sRGB by itself.
    to_linear: u32,
}

@group(0) @binding(0) var<uniform> params: PointsParams;
@group(0) @binding(1) var<storage, read> places: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> colours: array<u32>;

struct Corner {
    @builtin(position) position: vec4<f32>,
    // From the middle of the dot, in radii.
    @location(0) offset: vec2<f32>,
    @location(1) @interpolate(flat) colour: vec4<f32>,
}

// The corners of a triangle whose inscribed circle has radius 1.
const CORNERS = array<vec2<f32>, 3>(
    vec2<f32>(0.0, 2.0),
    vec2<f32>(-1.7320508, -1.0),
    vec2<f32>(1.7320508, -1.0),
);

// Half a pixel of soft rim.
const RIM_PX: f32 = 0.5;

@vertex
fn corner_of_dot(@builtin(vertex_index) vertex: u32) -> Corner {
    let index = vertex / 3u;
    let colour = unpack4x8unorm(colours[index]);
    var corners = CORNERS;
    let reach = 1.0 + RIM_PX / params.radius_px;
    let offset = corners[vertex % 3u] * reach;
    let place = places[index];
    let x = place.x * params.scale_x + params.shift_x + offset.x * params.radius_x;
    let y = place.y * params.scale_y + params.shift_y + offset.y * params.radius_y;
    var corner: Corner;
    corner.position = vec4<f32>(x, y, 0.0, 1.0);
    if colour.a == 0.0 {
        // Outside of everything: nothing is drawn.
        corner.position = vec4<f32>(4.0, 4.0, 0.0, 1.0);
    }
    corner.offset = offset;
    corner.colour = colour;
    return corner;
}

fn linear_of(value: f32) -> f32 {
    if value <= 0.04045 {
        return value / 12.92;
    }
    return pow((value + 0.055) / 1.055, 2.4);
}

@fragment
fn colour_of_dot(corner: Corner) -> @location(0) vec4<f32> {
    let inside = (1.0 - length(corner.offset)) * params.radius_px + RIM_PX;
    var colour = corner.colour * clamp(inside, 0.0, 1.0);
    if params.to_linear == 1u {
        let r = linear_of(colour.r);
        let g = linear_of(colour.g);
        let b = linear_of(colour.b);
        colour = vec4<f32>(r, g, b, colour.a);
    }
    return colour;
}
