//! Which threads go before others where there are more of them than cores.

use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};

/// From 0 to 99, with 50 as usual.
const BEHIND: u8 = 20;

/// Makes this thread one that a window's own threads go before: its frames are short, and what this one does is long.
pub fn go_behind() {
    let priority = ThreadPriorityValue::try_from(BEHIND).map(ThreadPriority::Crossplatform);
    let is_behind = priority.is_ok_and(|priority| set_current_thread_priority(priority).is_ok());
    if !is_behind {
        log::debug!("this thread is as urgent as the window");
    }
}
