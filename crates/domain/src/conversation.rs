//! The words of conversations, interactions and entries, and the rules that need no store.

use crate::text_enum::text_enum;
use crate::time::Micros;

text_enum! {
    /// What drives the logic of a conversation, whatever its status is called.
    StatusCategory {
        /// Somebody has to act.
        Open = "open",
        /// The customer has to act.
        Waiting = "waiting",
        /// Done.
        Resolved = "resolved",
    }
}

text_enum! {
    /// How urgent a conversation is, in four words.
    Priority {
        /// Below normal.
        Low = "low",
        /// The default.
        Normal = "normal",
        /// Above normal.
        High = "high",
        /// First.
        Urgent = "urgent",
    }
}

impl Priority {
    /// Points and secondary of a work item (api.md C17): one point is one minute of waiting.
    #[must_use]
    pub const fn points(self) -> (u8, u8) {
        match self {
            Self::Low => (0, 9),
            Self::Normal => (0, 5),
            Self::High => (10, 2),
            Self::Urgent => (30, 0),
        }
    }
}

text_enum! {
    /// One line of the timeline.
    EntryKind {
        /// Somebody said something to the other side.
        Message = "message",
        /// For colleagues only.
        Note = "note",
        /// A leg of a call.
        CallLeg = "call_leg",
        /// Something happened.
        Event = "event",
    }
}

text_enum! {
    /// Which way an entry goes.
    Direction {
        /// From the customer.
        In = "in",
        /// To the customer.
        Out = "out",
        /// Stays inside.
        Internal = "internal",
    }
}

text_enum! {
    /// Who may see an entry outside the team.
    Audience {
        /// The customer.
        Private = "private",
        /// Everybody who sees the post.
        Public = "public",
        /// Nobody outside.
        Internal = "internal",
    }
}

text_enum! {
    /// Who wrote or did something.
    ActorType {
        /// The person outside.
        Customer = "customer",
        /// Somebody who takes work.
        Agent = "agent",
        /// Somebody who signed in.
        User = "user",
        /// A bot.
        Bot = "bot",
        /// A rule.
        Rule = "rule",
        /// A flow.
        Flow = "flow",
        /// An integration.
        Api = "api",
        /// Centralita itself.
        System = "system",
    }
}

text_enum! {
    /// The course of one engagement.
    InteractionState {
        /// Going on.
        Open = "open",
        /// Ended, its work still in wrap-up.
        Wrapping = "wrapping",
        /// Over for good.
        Ended = "ended",
    }
}

text_enum! {
    /// Why an interaction ended.
    InteractionEnd {
        /// The agent finished.
        Agent = "agent",
        /// The customer left.
        Customer = "customer",
        /// Nobody wrote for long enough.
        Idle = "idle",
        /// The conversation was resolved.
        Resolved = "resolved",
        /// The call ended.
        Hangup = "hangup",
        /// The customer gave up waiting.
        Abandoned = "abandoned",
        /// The conversation was merged into another.
        Merged = "merged",
        /// It broke.
        Error = "error",
    }
}

text_enum! {
    /// How an engagement on a channel begins and ends (api.md §2.6).
    Shape {
        /// Live chat.
        ChatSession = "chat_session",
        /// Asynchronous messages.
        MessageSession = "message_session",
        /// A call.
        Call = "call",
        /// Letters to and fro.
        MailExchange = "mail_exchange",
        /// A public thread.
        PostThread = "post_thread",
        /// Somebody at the desk.
        Visit = "visit",
    }
}

text_enum! {
    /// What is known of an address (api.md §2.8).
    Verification {
        /// Typed by a stranger; proves nothing and matches nothing.
        Claimed = "claimed",
        /// Entered by staff, import or API.
        Asserted = "asserted",
        /// The channel delivered from it.
        Observed = "observed",
        /// Proven.
        Verified = "verified",
        /// Somebody pretended.
        Failed = "failed",
        /// Taken away.
        Revoked = "revoked",
    }
}

impl Verification {
    /// Whether an address in this state finds its customer by itself.
    #[must_use]
    pub const fn matches(self) -> bool {
        matches!(self, Self::Asserted | Self::Observed | Self::Verified)
    }
}

text_enum! {
    /// The delivery of an outbound message; the order is total (api.md §2.7).
    DeliveryState {
        /// In its undo window, or scheduled.
        Held = "held",
        /// Waiting to leave.
        Queued = "queued",
        /// Leaving.
        Sending = "sending",
        /// Nobody knows whether it left; never sent again blindly.
        Unknown = "unknown",
        /// With the provider.
        Sent = "sent",
        /// Refused.
        Failed = "failed",
        /// With the customer.
        Delivered = "delivered",
        /// Read.
        Read = "read",
        /// Called off before it left.
        Cancelled = "cancelled",
    }
}

impl DeliveryState {
    /// The state after a receipt: the later of both, so order and repetition do not matter.
    #[must_use]
    pub fn receive(self, receipt: Self) -> Self {
        if self == Self::Cancelled { self } else { self.max(receipt) }
    }
}

/// What an inbound message may continue (api.md §2.5, steps 3 and 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<T> {
    /// Which conversation.
    pub id: T,
    /// Where it stands.
    pub category: StatusCategory,
    /// Last activity.
    pub last_activity_at: Micros,
    /// When it was resolved, if it was.
    pub resolved_at: Option<Micros>,
    /// It is a mail thread already: other mail is another matter.
    pub has_mail_thread: bool,
}

/// How long conversations can be continued and reopened, in ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Continuity {
    /// An open one continues when it was active within this.
    pub continue_within_ms: i64,
    /// A resolved one reopens when it was resolved within this.
    pub reopen_within_ms: i64,
}

impl Default for Continuity {
    /// Seven days each.
    fn default() -> Self {
        let week = 7 * 24 * 60 * 60 * 1_000;
        Self { continue_within_ms: week, reopen_within_ms: week }
    }
}

/// What to do with an inbound message that names no conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement<T> {
    /// It belongs to this open conversation.
    Continue(T),
    /// This resolved conversation opens again.
    Reopen(T),
    /// It is another matter.
    New,
}

/// Places an inbound message among the customer's conversations, newest activity first.
///
/// `is_mail` says that it came by mail and threads to nothing: it then continues only a conversation
/// without a mail thread.
#[must_use]
pub fn place<T: Copy>(candidates: &[Candidate<T>], policy: Continuity, is_mail: bool, now: Micros) -> Placement<T> {
    let fits = |c: &&Candidate<T>| !(is_mail && c.has_mail_thread);
    let open = candidates.iter().filter(fits).find(|c| {
        c.category != StatusCategory::Resolved && now.ms_since(c.last_activity_at) <= policy.continue_within_ms
    });
    if let Some(c) = open {
        return Placement::Continue(c.id);
    }
    let resolved = candidates.iter().filter(fits).find(|c| {
        c.resolved_at.is_some_and(|at| now.ms_since(at) <= policy.reopen_within_ms)
            && c.category == StatusCategory::Resolved
    });
    resolved.map_or(Placement::New, |c| Placement::Reopen(c.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1_000;

    fn candidate(id: u8, category: StatusCategory, days_ago: i64) -> Candidate<u8> {
        let at = Micros(0).plus_ms((100 - days_ago) * DAY);
        Candidate {
            id,
            category,
            last_activity_at: at,
            resolved_at: (category == StatusCategory::Resolved).then_some(at),
            has_mail_thread: false,
        }
    }

    fn placed(candidates: &[Candidate<u8>], is_mail: bool) -> Placement<u8> {
        place(candidates, Continuity::default(), is_mail, Micros(0).plus_ms(100 * DAY))
    }

    #[test]
    fn an_open_conversation_goes_before_a_newer_resolved_one() {
        let both = [candidate(1, StatusCategory::Resolved, 1), candidate(2, StatusCategory::Waiting, 3)];
        assert_eq!(placed(&both, false), Placement::Continue(2));
    }

    #[test]
    fn after_a_week_it_is_another_matter() {
        assert_eq!(placed(&[candidate(1, StatusCategory::Open, 8)], false), Placement::New);
        assert_eq!(placed(&[candidate(1, StatusCategory::Resolved, 8)], false), Placement::New);
    }

    #[test]
    fn a_resolved_conversation_reopens_within_a_week() {
        assert_eq!(placed(&[candidate(1, StatusCategory::Resolved, 6)], false), Placement::Reopen(1));
    }

    #[test]
    fn unthreaded_mail_never_joins_a_mail_thread() {
        let mut thread = candidate(1, StatusCategory::Open, 0);
        thread.has_mail_thread = true;
        assert_eq!(placed(&[thread], true), Placement::New);
        assert_eq!(placed(&[thread], false), Placement::Continue(1));
    }

    #[test]
    fn receipts_give_one_result_in_any_order() {
        use DeliveryState as S;
        for a in [S::Sent, S::Delivered, S::Read] {
            for b in [S::Sent, S::Delivered, S::Read] {
                assert_eq!(S::Queued.receive(a).receive(b), S::Queued.receive(b).receive(a));
            }
        }
        assert_eq!(S::Cancelled.receive(S::Read), S::Cancelled);
    }

    #[test]
    fn words_read_back_as_they_were_written() {
        for state in DeliveryState::ALL {
            assert_eq!(state.as_str().parse::<DeliveryState>(), Ok(*state));
        }
        assert!("nonsense".parse::<Shape>().is_err());
    }
}
