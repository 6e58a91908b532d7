//! Changes of configuration: queues, statuses, agents. They act at once.
//!
//! # Invariants
//! - Only these commands touch many items or agents.

use std::collections::BTreeSet;

use super::agents::absent;
use super::items::{AgentRef, ItemRef, QueueRef};
use super::queues::distinct_delays;
use super::router::Router;
use super::types::{AgentConfig, AgentModel, By, QueueConfig, Refused, StatusConfig};
use crate::ids::AgentId;

impl Router {
    pub(super) fn put_queue(&mut self, config: QueueConfig) -> Result<(), Refused> {
        check_queue(&config)?;
        let queue = self.queues.intern(config.id);
        let was_open = self.queues.get(queue).is_known && self.queues.get(queue).config.is_open;
        self.set_queue(queue, config);
        self.fill(queue, if was_open { "room" } else { "queue_opened" });
        Ok(())
    }

    /// Puts a queue's configuration in force, without waking what is deferred.
    pub(super) fn set_queue(&mut self, queue: QueueRef, config: QueueConfig) {
        let (model, delays) = (config.agent_model, distinct_delays(&config));
        let record = self.queues.get_mut(queue);
        record.is_known = true;
        let old = std::mem::replace(&mut record.config, config);
        let old_delays = std::mem::replace(&mut record.delays, delays);
        self.note_members(queue, &old);
        if old.agent_model != model {
            self.remodel(queue, model);
        }
        if old_delays != self.queues.get(queue).delays {
            self.put_in_line_again(queue);
        }
    }

    fn note_members(&mut self, queue: QueueRef, old: &QueueConfig) {
        let new = self.queues.get(queue).config.members.clone();
        let gone = old.members.iter().filter(|&member| !new.contains(member));
        let come = new.iter().filter(|&member| !old.members.contains(member));
        let changed: BTreeSet<AgentId> = gone.chain(come).map(|member| member.agent).collect();
        for id in changed {
            let is_member = new.iter().any(|member| member.agent == id);
            let queues = self.member_of.entry(id).or_default();
            if is_member {
                queues.insert(queue);
            } else {
                queues.remove(&queue);
            }
            let agent = self.intern_agent(id);
            self.reprofile(agent);
        }
    }

    fn remodel(&mut self, queue: QueueRef, model: AgentModel) {
        for class in self.queues.get(queue).classes.clone() {
            for profile in self.index.remodel(class, model) {
                self.refresh_profile(profile);
            }
        }
    }

    /// The delays changed, so what items have outwaited did too.
    fn put_in_line_again(&mut self, queue: QueueRef) {
        let classes = self.queues.get(queue).classes.iter();
        let items: Vec<ItemRef> = classes
            .map(|&class| &self.index.classes[class as usize])
            .flat_map(|class| class.main.values().chain(class.side.values()))
            .copied()
            .collect();
        for item in items {
            self.take_out_of_line(item);
            self.put_in_line(item);
        }
    }

    pub(super) fn put_status(&mut self, status: StatusConfig) -> Result<(), Refused> {
        let id = status.id;
        self.statuses.insert(id, status);
        let agents: Vec<AgentRef> = self.agent_by.values().copied().collect();
        for agent in agents {
            if self.agent(agent).is_known && self.agent(agent).presence.status == id {
                self.note_availability(agent);
                self.rescind_barred(agent);
            }
        }
        Ok(())
    }

    pub(super) fn put_agent(&mut self, config: AgentConfig) -> Result<(), Refused> {
        self.check_agent(&config)?;
        let agent = self.intern_agent(config.id);
        let is_new = !self.agent(agent).is_known;
        let (now, offline) = (self.now, config.status_offline);
        let record = self.agent_mut(agent);
        record.is_known = true;
        record.config = config;
        if is_new {
            let epoch = record.presence.epoch;
            record.presence = absent(record.id, offline, now);
            record.presence.epoch = epoch;
            self.tell_presence(agent, offline, By::System, "created");
        }
        self.note_availability(agent);
        self.reprofile(agent);
        Ok(())
    }

    fn check_agent(&self, config: &AgentConfig) -> Result<(), Refused> {
        let named = [Some(config.status_offline), Some(config.status_on_timeout), config.status_on_decline];
        if named.into_iter().flatten().any(|status| !self.statuses.contains_key(&status)) {
            return Err(Refused::UnknownStatus);
        }
        let numbers = [
            (config.cap_primary_milli, "cap_primary_milli"),
            (config.cap_interruptible_milli, "cap_interruptible_milli"),
            (config.grace_ms, "grace_ms"),
        ];
        check_not_negative(&numbers)
    }

    /// Forgets an agent who holds nothing; ringing offers are taken back.
    pub(super) fn remove_agent(&mut self, agent: AgentId) -> Result<(), Refused> {
        let agent = self.find_agent(agent)?;
        let count = u32::from(self.agent(agent).sums.assigned);
        if count > 0 {
            return Err(Refused::AgentHasWork { count });
        }
        self.lose(agent, By::System, "removed");
        self.agent_mut(agent).is_known = false;
        self.note_availability(agent);
        Ok(())
    }
}

fn check_queue(config: &QueueConfig) -> Result<(), Refused> {
    let agents: BTreeSet<AgentId> = config.members.iter().map(|member| member.agent).collect();
    if agents.len() != config.members.len() {
        return Err(Refused::OutOfRange("members: an agent is named twice"));
    }
    if config.members.iter().any(|member| member.delay_ms < 0) {
        return Err(Refused::OutOfRange("delay_ms"));
    }
    check_not_negative(&[
        (config.units_milli, "units_milli"),
        (config.offer_timeout_ms, "offer_timeout_ms"),
        (config.exclusion_ttl_ms, "exclusion_ttl_ms"),
        (config.retry_gap_ms, "retry_gap_ms"),
        (config.wrap_up_ms, "wrap_up_ms"),
        (config.wrap_up_extension_ms, "wrap_up_extension_ms"),
    ])
}

fn check_not_negative(numbers: &[(i64, &'static str)]) -> Result<(), Refused> {
    let negative = numbers.iter().find(|&&(number, _)| number < 0);
    negative.map_or(Ok(()), |&(_, name)| Err(Refused::OutOfRange(name)))
}
