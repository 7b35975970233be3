#include "storage/open_files.h"

namespace weir {

void OpenFiles::Slot::Close() {
  if (file_ == nullptr) return;
  owner_->used_.erase(place_);
  file_.reset();
}

const std::shared_ptr<File>* OpenFiles::Cached(Slot& slot) {
  if (slot.file_ == nullptr) return nullptr;
  used_.splice(used_.begin(), used_, slot.place_);
  return &slot.file_;
}

Result<std::shared_ptr<File>> OpenFiles::Open(Slot& slot, const std::string& path, OpenMode mode) {
  slot.Close();
  while (!used_.empty() && used_.size() >= open_max_) used_.back()->Close();
  ASSIGN_OR_RETURN(slot.file_, files_.Open(path, mode));
  slot.owner_ = this;
  used_.push_front(&slot);
  slot.place_ = used_.begin();
  return slot.file_;
}

}  // namespace weir
