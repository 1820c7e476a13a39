// What egui draws: triangles whose colour is multiplied by a texture's, both with premultiplied alpha and not linear. Draws
// into windows whose colours are not linear either.

struct Screen {
    // In points.
    width: f32,
    height: f32,
    pad0: u32,
    pad1: u32,
}

@group(0) @binding(0) var<uniform> screen: Screen;
@group(1) @binding(0) var picture: texture_2d<f32>;
@group(1) @binding(1) var texels: sampler;

struct Corner {
    @builtin(position) place: vec4<f32>,
    @location(0) texel: vec2<f32>,
    @location(1) colour: vec4<f32>,
}

@vertex
fn corner_of_surface(
    @location(0) place: vec2<f32>,
    @location(1) texel: vec2<f32>,
    @location(2) colour: vec4<f32>,
) -> Corner {
    let x = 2.0 * place.x / screen.width - 1.0;
    let y = 1.0 - 2.0 * place.y / screen.height;
    return Corner(vec4<f32>(x, y, 0.0, 1.0), texel, colour);
}

@fragment
fn colour_of_surface(corner: Corner) -> @location(0) vec4<f32> {
    // There is one level: nothing is to be known of its neighbours.
    return corner.colour * textureSampleLevel(picture, texels, corner.texel, 0.0);
}
