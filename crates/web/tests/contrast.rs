//! Reads the colours of `assets/css/tokens.css` and computes the contrast of those that are laid upon each other,
//! in light and in dark. WCAG 2.2: 4.5 for text, 3 for marks and edges of what can be pressed.

use std::collections::BTreeMap;

/// A colour as three linear channels of sRGB.
type Linear = [f64; 3];

/// Both themes of every colour that is written as `light-dark(oklch(..), oklch(..))` or as a reference to one.
fn tokens() -> BTreeMap<String, [Linear; 2]> {
    let css =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/css/tokens.css")).expect("tokens.css");
    let mut tokens = BTreeMap::new();
    let mut references = Vec::new();
    for line in css.lines() {
        let Some((name, value)) = line.trim().strip_prefix("--").and_then(|rest| rest.split_once(": ")) else {
            continue;
        };
        let value = value.trim_end_matches(';');
        if let Some(other) = value.strip_prefix("var(--").and_then(|rest| rest.strip_suffix(')')) {
            references.push((name.to_owned(), other.to_owned()));
            continue;
        }
        let Some(pair) = value.strip_prefix("light-dark(").filter(|pair| !pair.contains('/')) else { continue };
        let colours: Vec<Linear> = pair.split("oklch(").skip(1).map(oklch).collect();
        let both = colours.try_into().unwrap_or_else(|_| panic!("{name}: two colours in oklch, in {value}"));
        tokens.insert(name.to_owned(), both);
    }
    for (name, other) in references {
        if let Some(both) = tokens.get(&other).copied() {
            tokens.insert(name, both);
        }
    }
    tokens
}

fn oklch(text: &str) -> Linear {
    let inner = text.split(')').next().unwrap_or(text);
    let parts: Vec<f64> = inner.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    let [lightness, chroma, hue] = parts[..] else { panic!("three numbers in {text}") };
    let (green_red, blue_yellow) = (chroma * hue.to_radians().cos(), chroma * hue.to_radians().sin());
    let cone = |a: f64, b: f64| (lightness + a * green_red + b * blue_yellow).powi(3);
    let cones = [
        cone(0.396_337_777_4, 0.215_803_757_3),
        cone(-0.105_561_345_8, -0.063_854_172_8),
        cone(-0.089_484_177_5, -1.291_485_548_0),
    ];
    [
        [4.076_741_662_1, -3.307_711_591_3, 0.230_969_929_2],
        [-1.268_438_004_6, 2.609_757_401_1, -0.341_319_396_5],
        [-0.004_196_086_3, -0.703_418_614_7, 1.707_614_701_0],
    ]
    .map(|row| row.iter().zip(cones).map(|(share, cone)| share * cone).sum::<f64>().clamp(0.0, 1.0))
}

fn contrast(one: Linear, other: Linear) -> f64 {
    let luminance = |c: Linear| 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

#[test]
fn white_on_black_is_twenty_one_to_one() {
    let ratio = contrast(oklch("1 0 0)"), oklch("0 0 0)"));
    assert!((ratio - 21.0).abs() < 0.01, "{ratio}");
}

#[test]
fn colours_that_are_laid_upon_each_other_can_be_told_apart() {
    const TEXT: f64 = 4.5;
    const MARK: f64 = 3.0;
    let grounds = ["ground", "surface", "sunken", "raised", "hover", "accent-soft"];
    let mut pairs: Vec<(String, String, f64)> = Vec::new();
    let mut pair = |over: &str, under: &str, least| pairs.push((over.into(), under.into(), least));
    for under in grounds {
        for over in ["ink", "ink-soft", "ink-faint", "accent"] {
            pair(over, under, TEXT);
        }
        for tone in ["critical", "major", "warning", "info", "good", "quiet"] {
            pair(tone, under, MARK);
            pair(&format!("{tone}-ink"), under, TEXT);
        }
        pair("focus", under, MARK);
    }
    for tone in ["critical", "major", "warning", "info", "good", "quiet"] {
        pair(&format!("{tone}-ink"), &format!("{tone}-soft"), TEXT);
    }
    for under in ["ground", "surface", "raised"] {
        pair("line-strong", under, MARK);
    }
    pair("on-accent", "accent", TEXT);
    pair("on-accent", "accent-hover", TEXT);
    for hue in 0..8 {
        pair("person-ink", &format!("person-{hue}"), TEXT);
    }

    let tokens = tokens();
    let mut low = Vec::new();
    for (over, under, least) in &pairs {
        let colour = |name: &String| tokens.get(name).unwrap_or_else(|| panic!("--{name} is not in tokens.css"));
        for (theme, place) in [("light", 0), ("dark", 1)] {
            let ratio = contrast(colour(over)[place], colour(under)[place]);
            if ratio < *least {
                low.push(format!("{over} on {under}, {theme}: {ratio:.2}, less than {least}"));
            }
        }
    }
    assert!(low.is_empty(), "{}", low.join("\n"));
}
