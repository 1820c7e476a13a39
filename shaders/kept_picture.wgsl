// A part of a picture that was drawn before, moved and scaled to where it lies by now. Only draws.

struct KeptPictureParams {
    // The corners of the picture in clip space: lower left, upper right.
    left: f32,
    bottom: f32,
    right: f32,
    top: f32,
}

@group(0) @binding(0) var<uniform> params: KeptPictureParams;
@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var between: sampler;

struct Corner {
    @builtin(position) position: vec4<f32>,
    // From the upper left, in sides of the picture.
    @location(0) offset: vec2<f32>,
}

// Two triangles.
const OFFSETS = array<vec2<f32>, 6>(
    vec2<f32>(0.0, 0.0),
    vec2<f32>(0.0, 1.0),
    vec2<f32>(1.0, 0.0),
    vec2<f32>(1.0, 0.0),
    vec2<f32>(0.0, 1.0),
    vec2<f32>(1.0, 1.0),
);

@vertex
fn corner_of_picture(@builtin(vertex_index) vertex: u32) -> Corner {
    var offsets = OFFSETS;
    let offset = offsets[vertex];
    let x = mix(params.left, params.right, offset.x);
    let y = mix(params.top, params.bottom, offset.y);
    return Corner(vec4<f32>(x, y, 0.0, 1.0), offset);
}

@fragment
fn colour_of_picture(corner: Corner) -> @location(0) vec4<f32> {
    return textureSample(picture, between, corner.offset);
}
