//! What people do with documents in a story: apply them, propose them as a change, and follow a branch.

use actions::change::document_edits::{self, Editor};
use actions::change::document_proposals::{self as acts, WantedDocuments};
use actions::prepare::documents::{Order, Preview, preview, read_files};
use actions::prepare::source::{self, Files};
use domain::prepare::checks::Conditions;
use domain::prepare::ownership::Via;
use domain::respond::sight::Sight;
use domain::words::{Actor, Name};

use crate::changers::quoted;
use crate::play::{Play, Stop};
use crate::responders::Responder;

impl Play {
    /// `ana applies documents: why`, with documents below; `overriding` a freeze; `proposes documents "Title"`, `edits documents "Title"`.
    pub(crate) fn with_documents(
        &mut self,
        me: &Name,
        words: &[&str],
        about: Option<&str>,
        place: Option<usize>,
        yaml: &str,
    ) -> Result<(), Stop> {
        let (by, said) = (Responder::at(me, place), about.unwrap_or_default().to_owned());
        let order =
            Order { proposals: read_files([("story.yaml", yaml)]).proposals, ..Order::default() }.via(Via::Page);
        match words {
            ["applies", "documents", rest @ ..] => {
                let override_why = rest.contains(&"overriding").then(|| said.clone());
                let (order, access) = (Order { reason: Some(said), override_why, ..order }, self.access(me)?);
                let now = self.world.now();
                self.play_pins(place, |tx, _| {
                    let Preview { before, after, .. } = preview(tx, &order, Conditions::at(now))?;
                    Ok(Some((before, after)))
                })?;
                by.act(self, |tx, node, moment| {
                    let conditions = Conditions::at(moment.now);
                    let editor = Editor { person: Some(me), access: Some(access), conditions };
                    document_edits::apply(tx, node, moment, &order, editor)?.into_result().map_err(Into::into)
                })?;
            }
            ["proposes", "documents", title] => {
                let wanted = wanted(order, quoted(title)?, said);
                by.act(self, |tx, _, moment| acts::propose(tx, moment, &wanted, Conditions::at(moment.now)))?;
            }
            ["edits", "documents", title] => {
                let row = self.change(title)?;
                let wanted = wanted(order, quoted(title)?, said);
                by.act(self, |tx, _, moment| {
                    let conditions = Conditions::at(moment.now);
                    acts::edit(tx, moment, row.change.id, row.change.revision, &wanted, conditions)
                })?;
            }
            ["proposes", "the", "branch", title] => {
                let (order, _) = source::order(&files(yaml));
                let wanted = WantedDocuments { branch: Some("main".into()), ..wanted(order, quoted(title)?, said) };
                by.act(self, |tx, _, moment| acts::propose(tx, moment, &wanted, Conditions::at(moment.now)))?;
            }
            _ => return Err(Stop::Words("people apply, propose or edit documents".into())),
        }
        Ok(())
    }

    /// `the branch says`, with its files below: somebody pushed.
    pub(crate) fn pushed(&mut self, yaml: &str) -> Result<(), Stop> {
        let files = files(yaml);
        Ok(self.world.act(None, &Actor::Rule("source"), |store, node, moment| {
            store.write(|tx| {
                let conditions = Conditions::at(moment.now);
                acts::follow(tx, node, &mut moment.again(), &files, conditions).map(|_| ())
            })
        })?)
    }

    /// `ana applies "Title"`, `ana brings "Title" up to date`.
    pub(crate) fn with_carried(
        &mut self,
        me: &Name,
        apply: bool,
        title: &str,
        place: Option<usize>,
    ) -> Result<(), Stop> {
        let (id, access, by) = (self.change(title)?.change.id, self.access(me)?, Responder::at(me, place));
        self.play_pins(place, |tx, node| {
            let after = acts::foreseen(tx, node, id, Sight::Whole)?;
            let before = node.rules(tx)?.catalog.clone();
            Ok(after.map(|after| ((*before).clone(), after)))
        })?;
        by.act(self, |tx, node, moment| {
            let conditions = Conditions::at(moment.now);
            if apply {
                acts::apply(tx, node, moment, id, access, conditions)
            } else {
                acts::bring_up_to_date(tx, moment, id, conditions)
            }
        })?;
        Ok(())
    }
}

fn wanted(order: Order, title: String, why: String) -> WantedDocuments {
    WantedDocuments { order, title, why, branch: None, emergency: false, incident: None }
}

/// A commit is known by what it says.
fn files(yaml: &str) -> Files {
    let sum = yaml.bytes().fold(7u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let (branch, commit) = ("main".to_owned(), format!("{sum:08x}"));
    Files { branch, commit, subject: "a push".into(), texts: vec![("story.yaml".into(), yaml.to_owned())] }
}
