//! What is looked for: phrases, who must do it, what else they could mean, and a question that leads on to the system.
//!
//! A phrase alone says little: whether it is a finding depends on who does it ([`super::subjects`]). Phrases that are harmless
//! in most sentences of real reports (*clearly*, *fault*, *simply*) are not in the list at all.

use std::sync::LazyLock;

use regex::Regex;

use super::language::Group::{
    self, Character, Counterfactual, Deficit, Hindsight, HumanError, Identifying, Interrogation, Judgement, Omission,
    PersonAsCause, PublicText, Sanction,
};
use super::language::Severity::{self, Flag, Nudge};
use super::subjects::{Agent, Word, agent, agent_of_object};

/// How serious a phrase is, by who does it.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    /// Whoever does it.
    Any(Severity),
    /// The same by who does it to what the phrase names.
    Object(Option<Severity>, Option<Severity>, Option<Severity>),
    /// Somebody of the house, the writers, somebody who is not named.
    Subject(Option<Severity>, Option<Severity>, Option<Severity>),
}

impl By {
    /// Of a phrase from `at` to `end`.
    pub(super) fn severity(self, words: &[Word<'_>], at: usize, end: usize) -> Option<Severity> {
        let (agent, [person, we, hidden]) = match self {
            Self::Any(severity) => return Some(severity),
            Self::Subject(person, we, hidden) => (agent(words, at, end), [person, we, hidden]),
            Self::Object(person, we, hidden) => (agent_of_object(words, at), [person, we, hidden]),
        };
        match agent {
            Agent::Person => person,
            Agent::We => we,
            Agent::Hidden | Agent::Nobody => hidden,
            Agent::Thing | Agent::Outsider => None,
        }
    }
}

/// A phrase.
#[derive(Debug)]
pub(super) struct Phrase {
    pub(super) group: Group,
    pub(super) pattern: Regex,
    /// Where this is found in the sentence, too, the phrase means something else.
    pub(super) unless: Option<Regex>,
    pub(super) by: By,
    pub(super) ask: &'static str,
}

type Line = (Group, &'static str, &'static str, By, &'static str);

const FLAGGED: By = By::Any(Flag);
const NUDGED: By = By::Any(Nudge);
/// A person is flagged, the writers and nobody in particular are nudged.
const MILD: By = By::Subject(Some(Flag), Some(Nudge), Some(Nudge));
const SOFT: By = By::Subject(Some(Nudge), Some(Nudge), Some(Nudge));
const STRICT: By = By::Subject(Some(Flag), Some(Flag), Some(Flag));

const DONE: &str = "What was done, and what could be seen at that time? Put what you propose under the actions.";
const WORK: &str = "What did people do instead, and what were they looking at?";
const TOOL: &str = "What did the tool accept, what did it show, and what made it look right?";
const INTENT: &str = "What was meant to happen, what happened, and what made the two look alike?";
const CONDITIONS: &str = "Which conditions were people working under: hours, tools, signals, competing goals?";
const MECHANISM: &str = "Which mechanism let one act have this effect? Name the role, and what it saw.";
const EXISTED: &str = "What was there instead, and who relied on it?";
const PROVEN: &str = "Which change to the system would make this hold, and what would show that it does?";
const NUMBERS: &str = "How many, since when, measured how?";

/// Verbs of what people plan and check, in a passive.
const DELIBERATE: &str = "caught|tested|checked|reviewed|noticed|detected|spotted|verified|validated|rushed|communicated|told|\
    informed|notified|documented|approved|avoided|prevented|anticipated|considered|foreseen|questioned|escalated|raised|\
    rolled|reverted|merged|deployed|released|pushed|changed|made|done|given|taken|used|run|addressed|fixed|identified|known";
const CHECKED: &str = "check|test|verify|validate|review|confirm|read|notice|consider|consult|ask|tell|inform|notify|communicate|\
    escalate|monitor|document|anticipate|think|look|account for|coordinate|reali[sz]e|recogni[sz]e|understand|\
    appreciate|double-check|catch|spot|plan for|foresee|question|raise";

const LINES: &[Line] = &[
    (Counterfactual, r"\bdid(?: not|n['’]t) bother|could(?: not|n['’]t) be bothered", "", FLAGGED, WORK),
    (
        Counterfactual,
        r"\b(?:should|ought to)(?: not|n['’]t)? (?:\w+ly )?have known better|\bshould know better|\bought to know\b|\bcommon sense\b",
        "",
        FLAGGED,
        DONE,
    ),
    // Of a passive: only what people plan and do, not what a system is built for.
    (
        Counterfactual,
        r"\b(?:should|ought to)(?: not|n['’]t)? (?:\w+ly )?have (?:\w+ly )?been (?:\w+ly )?(?:DELIBERATE)\b",
        r"\bautomatically\b",
        FLAGGED,
        DONE,
    ),
    (
        Counterfactual,
        r"\b(?:should|ought to)(?: not|n['’]t)? (?:\w+ly )?have (?:\w+ly )?PARTICIPLE\b",
        r"\bautomatically\b|have been ",
        STRICT,
        DONE,
    ),
    (
        Counterfactual,
        r"\b(?:needed|need) to have PARTICIPLE\b|\b(?:was|were) (?:supposed|meant|expected) to\b",
        "",
        By::Subject(Some(Flag), Some(Flag), None),
        DONE,
    ),
    (
        Counterfactual,
        r"\beasily (?:have )?(?:been )?(?:avoided|prevented|caught|spotted|preventable|avoidable)|\bcould easily have\b",
        "",
        FLAGGED,
        DONE,
    ),
    (
        Counterfactual,
        r"\bcould(?: not|n['’]t)? (?:\w+ly )?have (?:\w+ly )?been (?:\w+ly )?(?:avoided|prevented|caught|detected|spotted|mitigated|noticed|resolved|fixed|identified|shortened|reduced|discovered|rolled|a sign|a signal)\b",
        r"been worse|had (?:we|it) not",
        NUDGED,
        DONE,
    ),
    (
        Counterfactual,
        r"\bcould(?: not|n['’]t)? (?:\w+ly )?have (?:\w+ly )?PARTICIPLE\b",
        r"have (?:\w+ly )?been |had (?:we|it) not|have only ",
        By::Subject(Some(Nudge), Some(Nudge), None),
        DONE,
    ),
    (
        Counterfactual,
        r"\bwould(?: not|n['’]t)? (?:\w+ly )?have (?:\w+ly )?(?:been )?(?:prevented|caught|avoided|detected|stopped|spotted|noticed|alerted|mitigated|reduced|limited|saved|helped|shown|revealed|shortened|identified|avoidable|safe|safer|faster|quicker|occurred|happened|blocked|highlighted|given us|made it)\b",
        r"\bhad (?:we|it|they) not\b",
        NUDGED,
        DONE,
    ),
    (Counterfactual, r"\bif only\b", "", FLAGGED, DONE),
    (
        Counterfactual,
        r"\bif (?:we|he|she|they|someone|somebody|anyone|the (?:\w+ )?(?:ROLES))(?: had|['’]d|\s+hadn['’]t)(?: not| only| also)? (?:\w+ly )?PARTICIPLE\b",
        r"\basks?\b|\bas if\b|\bwonder",
        FLAGGED,
        DONE,
    ),
    (
        Counterfactual,
        r"(?:^\W*|[,;:] |\bhowever,? )had (?:we|he|she|they|someone|the (?:\w+ )?(?:ROLES)) (?:\w+ly )?PARTICIPLE\b",
        "",
        FLAGGED,
        DONE,
    ),
    (
        Hindsight,
        r"\b(?:entirely |completely |easily )?(?:preventable|avoidable|avoidably)\b",
        r"preventable (?:disease|death)",
        FLAGGED,
        "Which conditions were present? Say them instead of the verdict.",
    ),
    (
        Hindsight,
        r"\bin hindsight\b|\bin retrospect\b|\bretrospectively\b|\bbenefit of hindsight\b|\blooking back\b",
        "",
        NUDGED,
        "What was known then? What was learned since belongs to what is proposed.",
    ),
    (
        Hindsight,
        r"\b(?:obviously|needless to say|of course|blindingly obvious|plainly)\b",
        "",
        NUDGED,
        "Obvious to whom, from what?",
    ),
    (
        Hindsight,
        r"\ball it took\b|\b(?:just|simply|only) had to\b|\bclearly (?:should|wrong|not (?:tested|reviewed))",
        "",
        NUDGED,
        "What did it take, and what stood in the way?",
    ),
    (
        Omission,
        r"\bfail(?:ed|s|ing)? to \w+",
        r"failed to (?:fail|start up)",
        By::Subject(Some(Flag), Some(Nudge), None),
        WORK,
    ),
    (
        Omission,
        r"\bfailures? to (?:CHECKED|follow|patch|update|respond|communicate|perform|maintain|investigate|train|secure|implement|adhere|comply)\b",
        "",
        FLAGGED,
        WORK,
    ),
    (Omission, r"\bneglect(?:ed|ing)? to\b|\bneglected (?:the|his|her|their|our)\b", "", FLAGGED, WORK),
    (
        Omission,
        r"\b(?:forgot|forgotten|forgetting|forgets)\b",
        r"forg[oe]t(?:ten)? (?:your |the |my )?password|long-forgotten|forgotten offers|\bright to be forgotten",
        STRICT,
        TOOL,
    ),
    (
        Omission,
        r"\bignor(?:ed|ing) (?:\w+ ){0,3}(?:alert|alerts|alarm|alarms|warning|warnings|page|pages|notification|notifications|signs?|signals?|advice|process|procedure|runbook)\b|\b(?:alerts?|alarms?|warnings?|pages?) (?:was|were|had been|went) ignored",
        "",
        MILD,
        "What else did the message look like, and who was it for?",
    ),
    (
        Omission,
        r"\b(?:did(?: not|n['’]t)|had(?: not|n['’]t)|never|not) (?:\w+ly )?follow(?:ed|ing)? (?:\w+ ){0,4}(?:process|processes|procedure|procedures|runbook|playbook|protocol|policy|guideline|guidelines|checklist|instructions|steps)\b",
        "",
        By::Subject(Some(Flag), Some(Flag), Some(Flag)),
        "Where does the written way differ from how the work is done?",
    ),
    (
        Omission,
        r"\b(?:did(?: not|n['’]t)|had(?: not|n['’]t)|was(?: not|n['’]t)|were(?: not|n['’]t)|never) (?:\w+ly |even )?(?:CHECKED)(?:ed|d)?\b",
        "",
        By::Subject(Some(Nudge), Some(Nudge), None),
        "What was noticed, and what made that look normal?",
    ),
    (Omission, r"\b(?:overlooked|overlooking)\b", "", SOFT, "What was compared or checked, and what did that cover?"),
    (
        Omission,
        r"\bmissed\b",
        r"missed (?:heartbeat|deadline|block|slo|sla|packet|poll|scrape|run|backup|cache)",
        By::Subject(Some(Nudge), Some(Nudge), Some(Nudge)),
        "What was seen, and how did it stand out from the rest?",
    ),
    (
        Omission,
        r"\bwithout (?:\w+ly |even |first )?(?:checking|testing|verifying|validating|asking|telling|informing|notifying|consulting|reviewing|noticing|realising|realizing|thinking|considering|proper|adequate|sufficient|review|approval)\b",
        r"without telling apart",
        SOFT,
        "Which way does the tool or the process offer, and what did it ask for?",
    ),
    (
        Omission,
        r"\b(?:nobody|no one|no-one|none of us) (?:\w+ly |had |was |were |on the team |in the team )*(?:notic|check|own|knew|know|realis|realiz|monitor|watch|respon|look|test|thought|ask|told|saw|spotted|caught|paid|pay|review|read|verif|question|consider|follow|thinking|pick|acted|communicat|raised)\w*",
        "",
        NUDGED,
        "What was the first signal, and where did it go?",
    ),
    (
        Omission,
        r"\b(?:was|were|been) (?:not|never) (?:\w+ly )?(?:tested|reviewed|checked|verified|communicated|documented) (?:properly|adequately|sufficiently|thoroughly)\b|\bnot (?:properly|adequately|sufficiently|thoroughly) (?:tested|reviewed|checked|verified|communicated|trained)\b",
        "",
        NUDGED,
        EXISTED,
    ),
    // What tools are to reduce is no cause.
    (
        HumanError,
        r"\b(?:reduc\w+|prevent\w*|avoid\w*|eliminat\w+|minimi[sz]\w+|protect\w* against|guard\w* against|prone to|risk of|room for|chance of|potential for|possibility of) (?:\w+ ){0,2}(?:human|operator|manual|user) (?:error|errors|mistake|mistakes)\b",
        "",
        NUDGED,
        TOOL,
    ),
    (
        HumanError,
        r"\b(?:human|operator|pilot|admin|administrator|engineer|developer|manual|user) (?:error|errors|mistake|mistakes)\b",
        r"\b(?:assum\w+|suspect\w+|believ\w+|thought|suspicion)\b.{0,40}\b(?:user|operator|human) error|user errors? (?:rate|count|class|per )|(?:reduc\w+|prevent\w*|avoid\w*|eliminat\w+|minimi[sz]\w+|against|prone to|risk of|room for|chance of|potential for|possibility of) (?:\w+ ){0,2}(?:human|operator|manual|user) (?:error|mistake)",
        FLAGGED,
        TOOL,
    ),
    (
        HumanError,
        r"\bhuman (?:factor|factors|failing|failure)\b|\boperational errors?\b",
        r"human factors (?:research|engineering|expert|team|analysis)",
        NUDGED,
        TOOL,
    ),
    (
        HumanError,
        r"\b(?:due to|because of|caused by|result of|result from|resulted from|made|making|by|with) (?:a|an|the) (?:\w+ )?(?:typo|typing error|keystroke error|fat[- ]finger\w*)\b|\btypo (?:caused|led|resulted|took|brought)|\bfat[- ]finger\w*|\bmistyp(?:ed|ing)\b",
        r"(?:issued|filed|written) with a typo|fix\w* (?:a|the) typo",
        NUDGED,
        "What did the input select, and what limits how much one command may touch?",
    ),
    (
        Judgement,
        r"\b(?:bad|poor|terrible|questionable|unfortunate) (?:decision|decisions|judge?ment|choice|choices|call)\b",
        "",
        FLAGGED,
        "Which options were there, and what spoke for this one then?",
    ),
    (
        Judgement,
        r"\b(?:lapse|lapses|blunder|blunders|slip-up|screw-up|screwed up|messed up|botched|mishandled|mismanaged)\b|\b(?:an|the|our|their|his|her|this|simple|management|by|due to) (?:honest |simple |unfortunate |serious )?oversight\b",
        r"time lapse|time-lapse|oversight (?:board|committee|body|role)|oversight of",
        FLAGGED,
        "Which step was it, and under which conditions was it taken?",
    ),
    (Judgement, r"\b(?:mistakenly|erroneously|wrongly|mistakingly)\b", "", MILD, INTENT),
    (Judgement, r"\bby mistake\b", "", NUDGED, INTENT),
    (
        Judgement,
        r"\b(?:made|making|makes) (?:a|an|the|some|several|that) (?:\w+ )?(?:mistake|mistakes|error|errors|misjudgement)\b|\b(?:our|his|her|their|[a-z]+(?:'s|’s)) (?:mistake|mistakes)\b|\bmistakes? (?:was|were) made\b",
        r"compiler|customer|user",
        MILD,
        INTENT,
    ),
    (
        Judgement,
        r"\b(?:incorrectly|improperly|inappropriately|prematurely|unnecessarily|blindly|hastily|foolishly|naively)\b",
        "",
        By::Subject(Some(Flag), Some(Nudge), None),
        INTENT,
    ),
    (
        Judgement,
        r"\baccidental (?:execution|deletion|removal|run|push|merge|deployment|deploy|change|commit|misconfiguration|shutdown|termination|drop|exposure|publication|release|restart)\b",
        "accidental (?:loss|destruction)",
        NUDGED,
        INTENT,
    ),
    (
        Judgement,
        r"\b(?:accidentally|inadvertently|unintentionally|unknowingly|unwittingly|unthinkingly)\b|\bby accident\b",
        "",
        SOFT,
        "What was the act for, and what else did it reach?",
    ),
    (
        Judgement,
        r"\b(?:misunderstandings?|misconceptions?|misjudgements?|misinterpretations?) (?:of|within|between|about|among|by)\b",
        "",
        NUDGED,
        "What was taken for what, and because of which sign or document?",
    ),
    (
        Judgement,
        r"\b(?:misunderstood|misread|misjudged|miscalculated|misinterpreted|misdiagnosed|underestimated|misunderstanding of)\b",
        "",
        SOFT,
        "What was taken for what, and because of which sign or document?",
    ),
    (
        Judgement,
        r"\b(?:the|a|an) wrong (?:\w+ )?(?:server|servers|database|databases|button|command|directory|folder|cluster|environment|account|branch|file|host|node|region|workspace|terminal|window|decision|version|machine|table|instance|box|tenant|bucket|key)\b",
        "",
        By::Object(Some(Nudge), Some(Nudge), Some(Nudge)),
        "Which one was meant, which one was it, and how can they be told apart?",
    ),
    (
        Judgement,
        r"\bpoorly (?:written|designed|executed|planned|managed|handled|communicated|implemented|chosen|thought|coordinated|tested|documented|trained)\b|\bill-(?:conceived|advised|considered|prepared)\b",
        "",
        NUDGED,
        "What does it do, and under what load or input?",
    ),
    (
        Character,
        r"\b(?:careless|carelessly|carelessness|negligent|negligently|negligence|reckless|recklessly|recklessness|incompetent|incompetence|incompetently|stupid|stupidly|stupidity|idiotic|idiot|idiots|complacent|complacency|inattentive|inattention|inattentiveness|unprofessional|irresponsible|irresponsibly|clueless|ignorance|laziness|sloppiness|foolish)\b|\bnot (?:been )?paying attention\b|\bpaid no attention\b",
        "",
        FLAGGED,
        CONDITIONS,
    ),
    (
        Character,
        r"\b(?:lazy|sloppy|dumb|distracted)\b",
        r"lazy[- ](?:load|eval|init|import|compil|connect|fetch|creat|delet)|(?:as|is|are) lazy|sloppy quorum|dumb (?:terminal|pipe|client)|lazily",
        By::Subject(Some(Flag), Some(Flag), Some(Flag)),
        CONDITIONS,
    ),
    (
        Character,
        r"\b(?:lazy|sloppy|dumb|distracted|careless|rogue) (?:engineers?|developers?|employees?|admins?|administrators?|contractors?|operators?|staff|insiders?|managers?)\b|\bsloppy (?:work|code|coding|change|review|testing|practice|practices)\b|\brogue insider\b",
        "",
        FLAGGED,
        CONDITIONS,
    ),
    (
        Character,
        r"\b(?:tired|exhausted|fatigued|sleep-deprived|rushed|overworked|stressed|sleepy|junior|inexperienced|untrained|new|overconfident) (?:\w+ )?(?:ROLES) (?:\w+ly )?(?:HARMED)\b",
        "",
        FLAGGED,
        CONDITIONS,
    ),
    (
        Character,
        r"\b(?:tired|exhausted|fatigued|sleep-deprived|rushed|overworked|sleepy|junior|inexperienced|untrained|overconfident) (?:ROLES)\b|\binexperience\b|\bnew hires?\b",
        r"\b(?:onboarding|hiring)\b",
        NUDGED,
        CONDITIONS,
    ),
    (
        Character,
        r"\b(?:tired|fatigued|sleep-deprived|rushed|overworked|in a hurry|inexperienced|overconfident)\b",
        "",
        By::Subject(Some(Nudge), Some(Nudge), None),
        CONDITIONS,
    ),
    (
        PersonAsCause,
        r"\b(?:caused by|fault of|because of|due to) (?:a|an|the|our|one of (?:the|our)|its) (?:[\w'’-]+ ){0,2}(?:ROLES)(?:$|[.,;:)]| who\b| (?:HARMED|making|running|deleting|pushing|deploying|changing|failing|not)\b)",
        "kubernetes operator|customer|[a-z]+ operators?[.,]",
        FLAGGED,
        MECHANISM,
    ),
    (
        PersonAsCause,
        r"\b(?:ROLES) (?:\w+ly )?(?:caused|broke|crashed|took down|brought down|wiped|destroyed|messed up|ruined|leaked)\b",
        r"(?:kubernetes|database|mongodb|prometheus|cloud) operator",
        FLAGGED,
        MECHANISM,
    ),
    (
        PersonAsCause,
        r"\b(?:caused|broke|crashed|took down|brought down|wiped|destroyed|ruined)\b",
        "",
        By::Subject(Some(Flag), Some(Nudge), None),
        MECHANISM,
    ),
    (
        PersonAsCause,
        r"\b(?:ROLES) (?:\w+ly )?(?:deleted|dropped|wiped|removed|ran|pushed|shut down|restarted|killed|stopped|terminated) (?:\w+ ){0,2}wrong\b",
        "",
        FLAGGED,
        MECHANISM,
    ),
    (
        PersonAsCause,
        r"\broot cause (?:of \w+ \w+ )?(?:was|is) (?:that )?(?:a|an|the|our|one) (?:[\w'’-]+ ){0,2}(?:ROLES)\b",
        "",
        FLAGGED,
        MECHANISM,
    ),
    (
        PersonAsCause,
        r"\bat fault\b|\b(?:our|his|her|their|my|whose|nobody['’]s|(?:ROLES)['’]s?) (?:own )?fault\b|\bthe fault of\b|\bto blame\b|\bblam(?:e|ed|es|ing)\b|\bfinger[- ]pointing\b",
        r"git blame|blame (?:view|layer|commit)|without blam|no blame|not (?:to )?(?:assign |about )?blam\w*|blame[- ](?:free|aware|less)|at fault tolerance",
        FLAGGED,
        MECHANISM,
    ),
    (
        PersonAsCause,
        r"\b(?:was|were|is|are|been|person|people|those|team|engineer|developer) responsible for (?:the|this|that) (?:\w+ )?(?:incident|outage|breach|failure|downtime|problem|issue|deletion|error|mistake|damage)\b",
        "",
        By::Subject(Some(Nudge), Some(Nudge), None),
        MECHANISM,
    ),
    (
        PersonAsCause,
        r"\b(?:guilty|culprits?|offenders?|perpetrators?)\b",
        r"attack|malicious",
        By::Subject(Some(Nudge), Some(Nudge), None),
        MECHANISM,
    ),
    (
        PersonAsCause,
        r"\b(?:admitted|confessed|made excuses|has no excuse|had no excuse)\b",
        r"admitted (?:to (?:the )?hospital|traffic|by)",
        By::Subject(Some(Flag), Some(Flag), None),
        "What did they see and report? Who learned it from them?",
    ),
    (
        PersonAsCause,
        r"\b(?:violat|breach|circumvent|bypass|disregard)(?:ed|ing) (?:\w+ ){0,3}(?:policy|policies|process|procedure|procedures|rule|rules|protocol|guideline|guidelines)\b",
        "",
        By::Subject(Some(Nudge), Some(Nudge), None),
        "Where does the written way differ from how the work is done?",
    ),
    (
        Sanction,
        r"\b(?:reprimand(?:ed)?|disciplinary|(?:was|were|been|be) (?:let go|fired|dismissed|disciplined|retrained|re-trained|suspended from (?:duty|work)|held accountable|written up)|performance improvement plan)\b",
        r"model|classifier|network was retrained|alerts? (?:was|were|be)|hook",
        By::Any(Flag),
        "What changes for whoever does this next?",
    ),
    (
        Sanction,
        r"\b(?:be|being|been|are|is) (?:much |a lot |far )?more (?:careful|aware|vigilant|cautious|attentive|diligent)\b|\bpay (?:more|closer|better|greater) attention\b|\bremind (?:everyone|everybody|all|people|staff|the team|the teams|teams|engineers|developers|operators|each other)\b|\b(?:retrain|re-train) (?:the )?(?:\w+ )?(?:ROLES)\b|\btry harder\b|\b(?:take|exercise|use) (?:more|greater|extra|better) (?:care|caution)\b",
        "",
        FLAGGED,
        PROVEN,
    ),
    (
        Deficit,
        r"\black(?:s|ed|ing)?(?: of)? (?:a |an |any |clear |proper |adequate |sufficient |formal |effective |good |internal |robust |the )*(?:\w+ ){0,2}(?:training|plan|plans|measures|standards|safeguards|controls|practices|process|processes|remediation|knowledge|awareness|communication|discipline|oversight|understanding|attention|care|experience|testing|tests|review|reviews|monitoring|documentation|planning|coordination|visibility|diligence|expertise|preparation|observability|alerting|guidance|ownership|validation|procedure|procedures)\b",
        "",
        NUDGED,
        EXISTED,
    ),
    (
        Deficit,
        r"\b(?:insufficient|inadequate|inadequately|insufficiently|incomplete|improper|deficient|poor) (?:\w+ ){0,2}(?:testing|tested|tests|review|reviewed|reviews|monitoring|monitored|training|trained|staffing|documentation|documented|communication|planning|validation|support|procedures|procedure|knowledge|understanding|oversight|preparation|coordination|alerting|observability|awareness|safeguards|controls|process|processes|visibility|practices|measures|planning|remediation)\b",
        "",
        NUDGED,
        EXISTED,
    ),
    (
        Deficit,
        r"\b(?:miscommunication|communication breakdown|breakdown (?:in|of) communication|communication (?:failure|failures|gap|gaps)|blind spot|blind spots|monitoring gaps?|gaps? in (?:our )?(?:monitoring|alerting|testing|communication))\b",
        "",
        NUDGED,
        EXISTED,
    ),
    (
        Interrogation,
        r"\bwhy (?:did(?:n['’]t| not)?|hadn['’]t|wasn['’]t|weren['’]t|haven['’]t|couldn['’]t) (?:you|he|she|they|anyone|anybody|nobody|no one|someone|the (?:\w+ )?(?:ROLES))\b",
        "",
        FLAGGED,
        "What did you see, and what did you expect next?",
    ),
    (
        Interrogation,
        r"\bwhy (?:didn['’]t|did not|hadn['’]t|weren['’]t|haven['’]t) we\b|\bwhy did we (?:not|fail)\b",
        "",
        NUDGED,
        "What did we see, and what did we expect next?",
    ),
    (
        Identifying,
        r"\b(?:he|she|he['’]s|she['’]s|his|himself|herself)\b|\bher (?:own |\w+ )?(?:account|terminal|command|change|laptop|mistake|machine|screen|session|shift)\b",
        "",
        NUDGED,
        "Which role was it? Names stand with the roles, not with what happened.",
    ),
    (
        PublicText,
        r"\b(?:take|takes|took|taking|treat|treats) (?:\w+ ){0,6}(?:very |extremely |incredibly )?seriously\b|\babundance of caution\b|\bsorry for any inconvenience\b|\bany inconvenience (?:this|caused)\b",
        "",
        NUDGED,
        "What was done, and what changes for whoever reads this?",
    ),
    (
        PublicText,
        r"\b(?:isolated incident|isolated event)\b|\b(?:a|an|only a) (?:very |relatively |extremely )?(?:small|limited|tiny) (?:number|percentage|subset|fraction|group|amount) of (?:our |the )?(?:\w+ )?(?:customers|users|people|accounts|clients|members|subscribers)\b",
        "",
        NUDGED,
        NUMBERS,
    ),
    (
        PublicText,
        r"\b(?:highly |very )?sophisticated (?:\w+ )?(?:attack|attackers?|actor|adversary|intrusion|hackers?)\b|\badvanced (?:threat )?actors?\b",
        "",
        NUDGED,
        "What did they do, step by step, and how is it known?",
    ),
];

const ROLES: &str = "(?:(?:on-call|oncall|site reliability|software|network|platform|security|database|support|release|system|systems) )?\
    (?:engineers?|developers?|devs?|admins?|administrators?|operators?|employees?|contractors?|responders?|technicians?|\
    programmers?|sysadmins?|dbas?|sres?|staff|personnel|interns?|managers?|team members?|maintainers?|reviewers?|team|teams|\
    colleagues?|teammates?|workers?|person|people|vendor staff|analysts?|someone|somebody)";
const HARMED: &str = "caused|broke|crashed|took|brought|wiped|destroyed|deleted|dropped|removed|pushed|merged|deployed|ran|leaked|\
    misconfigured|overwrote|killed|terminated|changed|forgot|missed|ignored";
const PARTICIPLE: &str = "(?:\\w{2,}ed|\\w{2,}en|\\w{2,}wn|been|done|made|caught|told|sent|found|run|set|put|read|kept|left|built|had|\
    thought|understood|begun|held|met|paid|said|shut|cut|led|heard|gotten|asked|gone|picked)";

/// All phrases, compiled once.
pub(super) static PHRASES: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    let whole = |pattern: &str| {
        let pattern = pattern
            .replace("DELIBERATE", DELIBERATE)
            .replace("CHECKED", CHECKED)
            .replace("ROLES", ROLES)
            .replace("HARMED", HARMED)
            .replace("PARTICIPLE", PARTICIPLE)
            // Lines of a paragraph are wrapped anywhere.
            .replace(' ', r"\s+");
        Regex::new(&pattern).expect("a pattern that compiles")
    };
    let phrase = |&(group, pattern, unless, by, ask): &Line| Phrase {
        group,
        pattern: whole(pattern),
        unless: (!unless.is_empty()).then(|| whole(unless)),
        by,
        ask,
    };
    LINES.iter().map(phrase).collect()
});
