//! Writes pages as PDF 1.7, tagged: fonts by their parts, elements in the order in which they are read, links, an outline.

use pdf_writer::types::{
    ActionType, AnnotationFlags, AnnotationType, CidFontType, FontFlags, StructRole, SystemInfo, TabOrder, UnicodeCmap,
};
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

use super::Document;
use super::fonts::{Font, Kind};
use super::layout::{Laid, PAGE, Page, Role, lay};

const SYSTEM: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// What belongs to an element, in order.
enum Kid {
    Element(usize),
    /// A place in the content of a page.
    Mark(usize, i32),
    /// The annotation of a link: page and object.
    Object(usize, Ref),
}

struct Ids(i32);

impl Ids {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

/// The document as a file. The same document gives the same bytes.
pub fn write(document: &Document) -> Vec<u8> {
    let mut fonts: Vec<Font> = Kind::ALL.map(Font::new).into();
    let mut laid = lay(document, &fonts);
    let mut ids = Ids(0);
    let mut pdf = Pdf::new();
    pdf.set_version(1, 7);
    let (catalog, tree, info) = (ids.next(), ids.next(), ids.next());
    let font_ids: Vec<Ref> = fonts.iter().map(|_| ids.next()).collect();
    let page_ids: Vec<Ref> = laid.pages.iter().map(|_| ids.next()).collect();

    let mut kids: Vec<Vec<Kid>> = laid.elements.iter().map(|_| Vec::new()).collect();
    for place in 1..laid.elements.len() {
        kids[laid.elements[place].parent].push(Kid::Element(place));
    }
    // Of each page: the element of each mark.
    let mut marks: Vec<Vec<usize>> = Vec::new();
    let mut annotations: Vec<(Ref, usize)> = Vec::new();
    let pages = std::mem::take(&mut laid.pages);
    for (number, page) in pages.iter().enumerate() {
        let mut of_page = Drawn::default();
        let content = draw(&mut fonts, &mut laid, &mut kids, number, page, &mut ids, &mut of_page);
        let content_id = ids.next();
        pdf.stream(content_id, &content);
        let parents = i32::try_from(number).unwrap_or_default();
        let mut one = pdf.page(page_ids[number]);
        one.media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1)).parent(tree).contents(content_id);
        one.struct_parents(parents).tab_order(TabOrder::StructureOrder);
        if !of_page.links.is_empty() {
            one.annotations(of_page.links.iter().map(|link| link.id));
        }
        let mut resources = one.resources();
        let mut named = resources.fonts();
        // A font that nothing is written in is not in the file.
        let used = |kind: Kind| page.pieces.iter().any(|piece| piece.font == kind && !piece.text.is_empty());
        for (font, id) in fonts.iter().zip(&font_ids).filter(|(font, _)| used(font.kind)) {
            named.pair(Name(label(font.kind)), *id);
        }
        named.finish();
        resources.finish();
        one.finish();
        for link in &of_page.links {
            let key = i32::try_from(pages.len() + annotations.len()).unwrap_or_default();
            let mut annotation = pdf.annotation(link.id);
            annotation.subtype(AnnotationType::Link).rect(link.rect).border(0.0, 0.0, 0.0, None);
            annotation.flags(AnnotationFlags::PRINT).contents(TextStr(&link.to)).struct_parent(key);
            annotation.action().action_type(ActionType::Uri).uri(Str(link.to.as_bytes()));
            annotation.finish();
            annotations.push((link.id, link.element));
        }
        marks.push(of_page.marks);
    }
    pdf.pages(tree).kids(page_ids.iter().copied()).count(i32::try_from(pages.len()).unwrap_or_default());
    pdf.document_info(info).title(TextStr(&document.title)).producer(TextStr("Allclear"));
    for (font, id) in fonts.iter().zip(&font_ids).filter(|(font, _)| font.is_used()) {
        embed(&mut pdf, &mut ids, font, *id);
    }
    let element_ids: Vec<Ref> = laid.elements.iter().map(|_| ids.next()).collect();
    let root = ids.next();
    elements(&mut pdf, &laid, &kids, &element_ids, &page_ids, root);
    let outline = outline(&mut pdf, &mut ids, &laid, &page_ids);
    let mut parents = Vec::new();
    for of_page in &marks {
        let id = ids.next();
        pdf.indirect(id).array().items(of_page.iter().map(|element| element_ids[*element]));
        parents.push(id);
    }
    parents.extend(annotations.iter().map(|(_, element)| element_ids[*element]));
    let numbers = ids.next();
    {
        let mut tree = pdf.indirect(numbers).dict();
        let mut pairs = tree.insert(Name(b"Nums")).array();
        for (key, id) in parents.iter().enumerate() {
            pairs.item(i32::try_from(key).unwrap_or_default());
            pairs.item(*id);
        }
    }
    let mut written = pdf.indirect(root).dict();
    written.pair(Name(b"Type"), Name(b"StructTreeRoot"));
    written.pair(Name(b"K"), element_ids[0]);
    written.pair(Name(b"ParentTree"), numbers);
    written.pair(Name(b"ParentTreeNextKey"), i32::try_from(parents.len()).unwrap_or_default());
    written.finish();
    let mut one = pdf.catalog(catalog);
    one.pages(tree).lang(TextStr("en"));
    one.mark_info().marked(true);
    one.pair(Name(b"StructTreeRoot"), root);
    one.viewer_preferences().display_doc_title(true);
    if let Some(outline) = outline {
        one.outlines(outline);
    }
    one.finish();
    pdf.finish()
}

const fn label(kind: Kind) -> &'static [u8] {
    match kind {
        Kind::Regular => b"F0",
        Kind::Bold => b"F1",
        Kind::Mono => b"F2",
    }
}

/// What came of drawing a page.
#[derive(Default)]
struct Drawn {
    /// The element of each mark.
    marks: Vec<usize>,
    links: Vec<Link>,
}

struct Link {
    id: Ref,
    rect: Rect,
    to: String,
    element: usize,
}

fn draw(
    fonts: &mut [Font],
    laid: &mut Laid,
    kids: &mut Vec<Vec<Kid>>,
    number: usize,
    page: &Page,
    ids: &mut Ids,
    drawn: &mut Drawn,
) -> Vec<u8> {
    let mut content = Content::new();
    if !page.bars.is_empty() {
        content.begin_marked_content(Name(b"Artifact"));
        for bar in &page.bars {
            content.set_fill_gray(bar.grey).rect(bar.x, bar.y, bar.width, bar.height).fill_nonzero();
        }
        content.end_marked_content();
    }
    for piece in page.pieces.iter().filter(|piece| !piece.text.is_empty()) {
        let mut element = piece.element;
        if let (Some(of), Some(to)) = (piece.element, &piece.link) {
            laid.elements.push(super::layout::Element { role: Role::Link, parent: of });
            let link = laid.elements.len() - 1;
            kids.push(Vec::new());
            kids[of].push(Kid::Element(link));
            let id = ids.next();
            let rect = Rect::new(piece.x, piece.y - 2.5, piece.x + piece.width, piece.y + piece.size);
            drawn.links.push(Link { id, rect, to: to.clone(), element: link });
            kids[link].push(Kid::Object(number, id));
            element = Some(link);
        }
        match element {
            Some(element) => {
                let mark = i32::try_from(drawn.marks.len()).unwrap_or_default();
                drawn.marks.push(element);
                kids[element].push(Kid::Mark(number, mark));
                let tag = role_name(laid.elements[element].role);
                content.begin_marked_content_with_properties(Name(tag)).properties().identify(mark);
            }
            None => _ = content.begin_marked_content(Name(b"Artifact")),
        }
        let font = fonts.iter_mut().find(|font| font.kind == piece.font);
        let bytes = font.map(|font| font.encode(&piece.text)).unwrap_or_default();
        if piece.link.is_some() {
            content.set_fill_rgb(0.07, 0.35, 0.42);
        } else {
            content.set_fill_gray(piece.grey);
        }
        content.begin_text().set_font(Name(label(piece.font)), piece.size);
        content.set_text_matrix([1.0, 0.0, 0.0, 1.0, piece.x, piece.y]).show(Str(&bytes)).end_text();
        content.end_marked_content();
    }
    content.finish().to_vec()
}

fn embed(pdf: &mut Pdf, ids: &mut Ids, font: &Font, id: Ref) {
    let (cid, descriptor, map, data) = (ids.next(), ids.next(), ids.next(), ids.next());
    let name = [b"ALLCLR+", font.kind.name()].concat();
    pdf.type0_font(id)
        .base_font(Name(&name))
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(cid)
        .to_unicode(map);
    let mut one = pdf.cid_font(cid);
    one.subtype(CidFontType::Type2).base_font(Name(&name)).system_info(SYSTEM).font_descriptor(descriptor);
    one.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
    one.widths().consecutive(0, font.widths.iter().copied());
    one.finish();
    let scale = 1000.0 / f32::from(font.face.units_per_em());
    let unit = |value: i16| f32::from(value) * scale;
    let bounds = font.face.global_bounding_box();
    let bounds = Rect::new(unit(bounds.x_min), unit(bounds.y_min), unit(bounds.x_max), unit(bounds.y_max));
    let fixed = if font.kind == Kind::Mono { FontFlags::FIXED_PITCH } else { FontFlags::empty() };
    pdf.font_descriptor(descriptor)
        .name(Name(&name))
        .flags(FontFlags::SYMBOLIC | fixed)
        .bbox(bounds)
        .italic_angle(0.0)
        .ascent(unit(font.face.ascender()))
        .descent(unit(font.face.descender()))
        .cap_height(font.face.capital_height().map_or(700.0, unit))
        .stem_v(80.0)
        .font_file2(data);
    let mut unicode = UnicodeCmap::<u16>::new(Name(b"Allclear"), SYSTEM);
    for (glyph, letter) in &font.stands_for {
        unicode.pair(*glyph, *letter);
    }
    pdf.cmap(map, &unicode.finish());
    let part = font.part();
    pdf.stream(data, &part).pair(Name(b"Length1"), i32::try_from(part.len()).unwrap_or_default());
}

fn elements(pdf: &mut Pdf, laid: &Laid, kids: &[Vec<Kid>], ids: &[Ref], pages: &[Ref], root: Ref) {
    for (place, element) in laid.elements.iter().enumerate() {
        let mut one = pdf.struct_element(ids[place]);
        one.kind(role(element.role)).parent(if place == 0 { root } else { ids[element.parent] });
        if element.role == Role::Head {
            one.attributes().push().table().scope(pdf_writer::types::TableHeaderScope::Column);
        }
        let mut all = one.children();
        for kid in &kids[place] {
            match kid {
                Kid::Element(element) => _ = all.struct_element(ids[*element]),
                Kid::Mark(page, mark) => {
                    all.marked_content_ref().page(pages[*page]).marked_content_id(*mark);
                }
                Kid::Object(page, object) => {
                    all.object_ref().page(pages[*page]).object(*object);
                }
            }
        }
        all.finish();
        one.finish();
    }
}

fn outline(pdf: &mut Pdf, ids: &mut Ids, laid: &Laid, pages: &[Ref]) -> Option<Ref> {
    let items: Vec<Ref> = laid.outline.iter().map(|_| ids.next()).collect();
    let (first, last) = (*items.first()?, *items.last()?);
    let id = ids.next();
    pdf.outline(id).first(first).last(last).count(i32::try_from(items.len()).unwrap_or_default());
    for (place, (title, page, y)) in laid.outline.iter().enumerate() {
        let mut one = pdf.outline_item(items[place]);
        one.parent(id).title(TextStr(title));
        if place > 0 {
            one.prev(items[place - 1]);
        }
        if let Some(next) = items.get(place + 1) {
            one.next(*next);
        }
        one.dest().page(pages[*page]).xyz(0.0, *y + 4.0, None);
    }
    Some(id)
}

const fn role(role: Role) -> StructRole {
    match role {
        Role::Document => StructRole::Document,
        Role::Heading(1) => StructRole::H1,
        Role::Heading(2) => StructRole::H2,
        Role::Heading(3) => StructRole::H3,
        Role::Heading(_) => StructRole::H4,
        Role::Paragraph => StructRole::P,
        Role::List => StructRole::L,
        Role::Item => StructRole::LI,
        Role::Label => StructRole::Lbl,
        Role::Body => StructRole::LBody,
        Role::Code => StructRole::Code,
        Role::Quote => StructRole::BlockQuote,
        Role::Table => StructRole::Table,
        Role::Row => StructRole::TR,
        Role::Head => StructRole::TH,
        Role::Cell => StructRole::TD,
        Role::Link => StructRole::Link,
    }
}

/// What the content calls it; the elements say what it is.
const fn role_name(role: Role) -> &'static [u8] {
    match role {
        Role::Heading(_) => b"H",
        Role::Link => b"Link",
        Role::Code => b"Code",
        Role::Label => b"Lbl",
        _ => b"P",
    }
}
